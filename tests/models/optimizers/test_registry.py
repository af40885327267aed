"""Optimizers by name."""

import pytest

from motionrecon.errors import ConfigError
from motionrecon.models.optimizers.registry import make_optimizer, optimizer_names


@pytest.mark.parametrize("name", optimizer_names())
def test_every_name_makes_an_optimizer_of_that_name(name):
    assert make_optimizer(name).name == name


def test_options_arrive():
    assert make_optimizer("adam", learning_rate=0.5).learning_rate == 0.5
    assert make_optimizer("lbfgs").memory == 50


def test_unknown_name_lists_the_choices_and_guesses():
    with pytest.raises(ConfigError) as caught:
        make_optimizer("scipy-bgfs")
    assert str(caught.value) == (
        "unknown optimizer 'scipy-bgfs'; did you mean 'scipy-bfgs'? choose from adam, bfgs, lbfgs, learned, scipy-bfgs"
    )
    with pytest.raises(ConfigError, match="choose from adam"):
        make_optimizer("zzz")


def test_unknown_option_guesses_too():
    with pytest.raises(ConfigError, match="did you mean 'learning_rate'"):
        make_optimizer("adam", learning_rat=0.1)
    with pytest.raises(ConfigError, match="takes none"):
        make_optimizer("scipy-bfgs", memory=3)
