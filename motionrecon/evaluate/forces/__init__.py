"""Ground reaction forces and leg moments of a fit against force plates: ``motionrecon eval --forces``.

recording and plates -> fit, and the double-differentiated recording -> forces of each foot -> measures -> table.
"""
