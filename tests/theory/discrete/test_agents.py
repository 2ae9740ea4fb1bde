"""Agents of some order: what they keep of a text, against laws of long stretches of it, and against other agents."""

import numpy as np
import pytest

from jaxcollapse.theory import discrete

pytestmark = pytest.mark.usefixtures("x64")
TEXT = np.array([[[0.24, 0.06], [0.08, 0.12]], [[0.06, 0.14], [0.12, 0.18]]])


def longer(law, order):
    """One word more, which depends on the last `order` ones."""
    known = law.sum(axis=tuple(range(law.ndim - order - 1)))
    return law[..., None] * known / known.sum(axis=-1, keepdims=True)


def divergence(law, other):
    return np.sum(law * np.log(law / other))


@pytest.mark.parametrize("order", [0, 1])
def test_an_agent_keeps_short_windows_and_loses_its_divergence_once(order):
    agent = np.asarray(discrete.agent_projection(TEXT, order=order))
    short = lambda law: law.sum(axis=tuple(range(order + 1, 3)))  # noqa: E731
    np.testing.assert_allclose(short(agent), short(TEXT), rtol=1e-12)
    np.testing.assert_allclose(agent.sum(axis=0), agent.sum(axis=-1), rtol=1e-12)
    for again in (order, 2):
        np.testing.assert_allclose(discrete.agent_projection(agent, order=again), agent, rtol=1e-12)
    four = longer(TEXT, 2), longer(agent, max(order, 1))
    lost = divergence(*four) - divergence(TEXT, agent)
    np.testing.assert_allclose(discrete.agent_divergence(TEXT, order=order), lost, rtol=1e-10)
    np.testing.assert_allclose(discrete.agent_divergence(agent, order=order), 0.0, atol=1e-15)


def test_no_agent_of_the_same_order_loses_less():
    loss = lambda table: -np.sum(TEXT * np.log(table))  # noqa: E731, of tables of the next word
    pairs = TEXT.sum(axis=0)
    best = pairs / pairs.sum(axis=1, keepdims=True)
    truth = TEXT / TEXT.sum(axis=-1, keepdims=True)
    lost = float(discrete.agent_divergence(TEXT, order=1))
    np.testing.assert_allclose(loss(best) - loss(truth), lost, rtol=1e-10)
    for change in (0.05, -0.05):
        other = best + change * np.array([[1, -1], [0, 0]])
        assert loss(other) - loss(truth) > lost + 1e-4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: discrete.agent_projection(TEXT, order=3), "order must be below the 3 words of windows, got 3"),
        (lambda: discrete.agent_projection(np.ones((2, 3)) / 6, order=0), "windows must have an axis for each word"),
        (lambda: discrete.agent_divergence(2 * TEXT, order=1), "windows must sum to one, got a sum of 2"),
        (
            lambda: discrete.agent_divergence([[0.5, 0.3], [0.1, 0.1]], order=1),
            "windows must be those of one stationary text",
        ),
        (lambda: discrete.agent_projection(TEXT, order=-1), "order must be at least 0"),
    ],
)
def test_wrong_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
