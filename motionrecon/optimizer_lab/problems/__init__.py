"""Problems with known minima: the 15 classical functions of any dimension, moved, turned and scaled.

`classical` names the functions, whose formulas are in `convex`, `valleys` and `multimodal`; `transformed` moves them,
`augmented` draws harder transformations, and `tasks` makes of a function what an optimizer is trained or tested on.
"""
