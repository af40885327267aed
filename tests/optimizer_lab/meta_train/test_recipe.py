"""Recipes and presets: ranges, there and back, what differs."""

import dataclasses

import pytest

from motionrecon.errors import ConfigError
from motionrecon.optimizer_lab.meta_train import presets
from motionrecon.optimizer_lab.meta_train.recipe import Stage, as_dict, differences, from_dict


@pytest.mark.parametrize("name", presets.PRESETS)
def test_recipes_survive_the_way_to_plain_values_and_back(name):
    recipe = presets.recipe(name, "optimus", "bptt:5,pes,nres:7")
    assert from_dict(as_dict(recipe)) == recipe
    assert [stage.estimator for stage in recipe.stages] == ["bptt", "pes", "nres"]
    assert recipe.stages[0].meta_steps == 5 and recipe.stages[2].meta_steps == 7


def test_the_paper_preset_is_the_papers():
    recipe = presets.recipe("paper", "optimus")
    (stage,) = recipe.stages
    assert (stage.estimator, stage.horizon, stage.truncation) == ("pes", 50, 5)
    assert (stage.learning_rate, stage.clip, stage.schedule, stage.meta_loss) == (5e-4, 3.0, "constant", "ratio")


def test_changes_reach_recipe_stages_and_validation():
    changes = {"seed": 3, "learning_rate": 0.01, "validation_every": 9, "std": None}
    recipe = presets.recipe("laptop", "optimus", **changes)
    assert recipe.seed == 3 and recipe.validation.every == 9
    assert {stage.learning_rate for stage in recipe.stages} == {0.01}


def test_differences_name_the_option_and_both_values():
    one = presets.recipe("laptop", "optimus")
    other = dataclasses.replace(one, seed=4, dimensions=(5,))
    assert differences(one, one) == []
    assert differences(one, other) == ["seed 4, not 0", "dimensions [5], not [4, 12, 32]"]


@pytest.mark.parametrize(
    ("arguments", "changes", "told"),
    [
        (("laptp", "optimus"), {}, "choose from smoke, laptop, long, paper"),
        (("laptop", "optimus", "pess"), {}, "choose from pes, nres, bptt"),
        (("laptop", "optimus", "pes:many"), {}, "number of meta-steps"),
        (("laptop", "optimus"), {"dimensions": (1,)}, "dimension 1"),
        (("laptop", "optimus"), {"learning_rate": 0.0}, "learning-rate 0"),
        (("laptop", "optimus"), {"truncation": 7}, "divisor of the horizon 100"),
        (("long", "optimus"), {"reach": 30}, "reach 30: give a divisor of the horizon 200"),
        (("long", "optimus"), {"late": -1.0}, "late -1: give 0 or more"),
        (("long", "optimus"), {"floor": 0.0}, "floor 0"),
        (("laptop", "optimus"), {"variants": ("turned",)}, "plain, offset, rotated, augmented"),
        (("laptop", "optimus"), {"seed": -1}, "seed -1"),
    ],
)
def test_wrong_options_are_told_what_is_right(arguments, changes, told):
    with pytest.raises(ConfigError, match=told):
        presets.recipe(*arguments, **changes)


def test_unknown_keys_of_a_stored_recipe_are_named():
    content = as_dict(presets.recipe("smoke", "optimus"))
    with pytest.raises(ConfigError, match="horizn"):
        from_dict(content | {"stages": [{"estimator": "pes", "meta_steps": 1, "horizn": 5}]})


def test_bptt_needs_no_divisor():
    assert Stage("bptt", 1, 7, truncation=5).horizon == 7
