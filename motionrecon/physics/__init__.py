"""The simulated body: anthropometry, dynamics, control, contact, and their derivatives."""
