"""Motion made by the project itself: walks, dances, actions, drawn people, their forces."""
