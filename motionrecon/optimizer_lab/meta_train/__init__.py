"""Meta-training: finds the weights of a learned optimizer (`motionrecon train-optimizer`).

`unroll` says what is trained on, `tasks` makes it of update rules and test functions, `meta_loss` says what a run is
worth; `pes`, `nres` and `bptt` estimate the meta-gradient; `recipe` and `presets` hold the options,
`loop` trains, with `outer`, `shards`, `validation`, `checkpoint`, `training_log` and `curves` as its parts.
"""
