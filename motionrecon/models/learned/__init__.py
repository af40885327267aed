"""Learned optimizers: update rules whose weights are meta-trained.

`base` says what an update rule is, `rollout` runs one; `features` and `curvature_features` are what networks see,
`optimus`, `adafactor_mlp` and `optimus_qn` are the rules, `catalog` names them, `weights_file` reads and writes
weights, `transform` offers them as optax transformations and `minimize` to a user's own function.
"""
