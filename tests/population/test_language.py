"""Text: what becomes of characters, pairs that are merged, typos, rows, and what is refused."""

import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.population.datasets.language import Corpus, text

TALE = "Once upon a time, there was a ZOO -- with an aardvark... " * 40


@pytest.fixture
def tale(tmp_path):
    file = tmp_path / "tale.txt"
    file.write_text(TALE + "é" + TALE, encoding="utf-8")
    return file


def test_characters_become_numbers(tale):
    corpus = text(tale)
    once = "once upon a time there was a zoo with an aardvark "
    assert corpus.spell(corpus.tokens) == once * 80
    assert corpus.tokens.dtype == np.uint8 and corpus.tokens.max() < 27
    few = text(tale, alphabet="_ao")
    assert few.spell(few.tokens[:12]) == "o_o_a_a_a_oo"
    classes = text(tale, alphabet=(" ", "aeiou", "bcdfghjklmnpqrstvwxyz"))
    assert classes.spell(classes.tokens[:11]) == "abba abab a"


def test_merged_pairs_spell_the_same_text(tale):
    plain, merged = text(tale), text(tale, vocabulary=60)
    assert merged.spell(merged.tokens) == plain.spell(plain.tokens)
    assert len(merged.alphabet) == 60 and len(merged.tokens) < 0.4 * len(plain.tokens)
    first = np.bincount(plain.tokens[:-1].astype(int) * 27 + plain.tokens[1:]).argmax()
    assert merged.alphabet[27] == plain.alphabet[first // 27] + plain.alphabet[first % 27]


def test_pairs_do_not_overlap(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("aaaaab" * 400, encoding="utf-8")
    corpus = text(file, alphabet=" ab", vocabulary=4)
    assert corpus.alphabet[3] == "aa" and corpus.tokens[:4].tolist() == [3, 3, 1, 2]


def test_typos_are_a_share_of_all_tokens():
    plain, wrong = text(), text(typos=0.05)
    changed = plain.tokens != wrong.tokens
    n = len(changed)
    assert abs(changed.mean() - 0.05 * 26 / 27) < 4 * (0.05 / n) ** 0.5
    unseen = lambda t: np.sum(np.bincount(t[:-1].astype(int) * 27 + t[1:], minlength=729) == 0)  # noqa: E731
    assert unseen(plain.tokens) > 200 and unseen(wrong.tokens) < 10
    np.testing.assert_array_equal(wrong.tokens, text(typos=0.05).tokens)


def test_rows_are_pieces_of_the_text():
    corpus = text()
    train, test = jc.datasets.pieces(corpus, 50, held_out=0.2)
    rows = np.concatenate([train, test])
    whole = corpus.tokens[: rows.size].reshape(-1, 50)
    assert sorted(map(bytes, rows)) == sorted(map(bytes, whole))
    assert abs(len(test) / len(rows) - 0.2) < 2 / len(rows)
    assert not np.array_equal(rows, whole)


def test_the_wrong_text(tmp_path):
    with pytest.raises(FileNotFoundError, match="path must be a text file: there is no"):
        text(tmp_path / "none.txt")
    with pytest.raises(ValueError, match="path must be a text file: .* is a folder"):
        text(tmp_path)
    (tmp_path / "short.txt").write_text("abc" * 300)
    with pytest.raises(ValueError, match="path must hold at least 1,000 characters of the alphabet, got 900"):
        text(tmp_path / "short.txt")


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: text(alphabet="aab"), ValueError, "alphabet must have two tokens or more, and every character once"),
        (lambda: text(alphabet=("a", "")), TypeError, "alphabet must be a string, or a tuple of strings"),
        (lambda: text(alphabet=7), TypeError, "alphabet must be a string"),
        (lambda: text(vocabulary=27), ValueError, "vocabulary must be at least 28, got 27"),
        (lambda: text(typos=1.5), ValueError, "typos must be at most 1, got 1.5"),
        (lambda: jc.datasets.pieces(text(), 10**6), ValueError, "length and held_out must leave two rows"),
        (lambda: jc.datasets.pieces("a tale", 10), TypeError, "corpus must be a text as jaxcollapse.datasets.text"),
        (
            lambda: jc.datasets.pieces(Corpus(np.array([0, 3]), ("a", "b")), 2),
            ValueError,
            "corpus must have tokens from 0 to 1, the size of its alphabet less one, got 0 to 3",
        ),
    ],
)
def test_wrong_arguments(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
