"""Weights files: what goes in comes out, and what is wrong is refused in one line."""

import dataclasses
import json

import jax
import numpy as np
import pytest

from motionrecon.errors import CheckpointError, ConfigError
from motionrecon.models.learned import catalog, weights_file
from motionrecon.models.learned.adafactor_mlp import AdafactorMLP
from motionrecon.models.learned.network import NetworkSize
from motionrecon.models.learned.optimus import Optimus

RULE = AdafactorMLP("adafactor-mlp", width=4)


@pytest.fixture
def saved(tmp_path):
    weights = RULE.init_weights(jax.random.PRNGKey(0))
    path = tmp_path / "weights.npz"
    weights_file.save(path, RULE, weights, {"seed": 0})
    return path, weights


def test_round_trip(saved):
    path, weights = saved
    found = weights_file.read(path, RULE)
    assert jax.tree_util.tree_structure(found) == jax.tree_util.tree_structure(weights)
    jax.tree_util.tree_map(np.testing.assert_array_equal, found, weights)
    assert weights_file.read_header(path)["provenance"] == {"seed": 0}


def test_other_architecture_is_refused(saved):
    with pytest.raises(CheckpointError, match="width is 4, not 8"):
        weights_file.read(saved[0], AdafactorMLP("adafactor-mlp", width=8))
    with pytest.raises(CheckpointError, match="rule is 'adafactor-mlp', not 'optimus'"):
        weights_file.read(saved[0], catalog.make_rule("optimus"))


def test_a_field_that_the_file_does_not_know_has_its_default(tmp_path):
    rule = Optimus("tiny", size=NetworkSize(1, 4, 1, 4, 4))
    path, weights = tmp_path / "weights.npz", rule.init_weights(jax.random.PRNGKey(0))
    weights_file.save(path, rule, weights)
    with np.load(path) as file:
        arrays = dict(file)
    header = json.loads(str(arrays["header"]))
    del header["fields"]["guard"]
    np.savez(path, **(arrays | {"header": np.array(json.dumps(header))}))
    jax.tree_util.tree_map(np.testing.assert_array_equal, weights_file.read(path, rule), weights)
    with pytest.raises(CheckpointError, match="guard is False, not True"):
        weights_file.read(path, dataclasses.replace(rule, guard=True))


def test_truncated_file_is_refused(saved):
    path, _ = saved
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(CheckpointError, match="cut off"):
        weights_file.read(path, RULE)


def test_changed_array_is_refused(saved):
    path, _ = saved
    with np.load(path) as file:
        arrays = dict(file)
    arrays["leaf_0"] = arrays["leaf_0"] + 1
    np.savez(path, **arrays)
    with pytest.raises(CheckpointError, match="checksum"):
        weights_file.read(path, RULE)


def test_absent_file_and_unshipped_rule(tmp_path):
    with pytest.raises(CheckpointError, match="no such weights file"):
        weights_file.read(tmp_path / "none.npz", RULE)
    with pytest.raises(ConfigError, match="no weights are shipped for 'optimus-no-state'"):
        catalog.load("optimus-no-state")


@pytest.mark.parametrize("name", weights_file.shipped_names())
def test_shipped_weights_load_and_say_where_they_come_from(name):
    _, weights = catalog.load(name)
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree_util.tree_leaves(weights))
    assert weights_file.read_header(weights_file.shipped_path(name))["provenance"]
