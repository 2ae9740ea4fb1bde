"""Text as numbers, for language models: the one that comes with Python, and your own.

A corpus is a row of tokens, each a number below the size of its alphabet: characters, classes of characters, or pairs
that were merged because they are frequent.
"""

import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int, UInt

from jaxcollapse.arguments.check import check_fits, check_integer, check_scalar, check_share
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.types import Count, Number

LETTERS = " abcdefghijklmnopqrstuvwxyz"
_LEAST = 1000  # characters of a text
_SEED = 0


class Corpus(NamedTuple):
    """A text: its tokens in their order, and what each of them stands for."""

    tokens: UInt[np.ndarray, " tokens"]
    alphabet: tuple[str, ...]

    def spell(self, tokens: Any) -> str:
        """Tokens as the text that they stand for; of a class of characters, the first one."""
        return "".join(self.alphabet[int(token)] for token in np.ravel(np.asarray(tokens)))


def text(
    path: str | os.PathLike | None = None,
    *,
    alphabet: str | tuple[str, ...] = LETTERS,
    vocabulary: Count | None = None,
    typos: Number = 0.0,
) -> Corpus:
    """A text in lower case: the language reference that comes with Python, or a file of your own such as TinyStories.

    Characters that the alphabet does not have become its first one, and of several of these in a row one is left.

    **Arguments**

    - `path`: a text file in UTF-8; by default the help topics of Python.
    - `alphabet`: the characters that are kept, each a token, the first of which stands for all others; or a tuple of
      strings, each a class of characters that are one token.
    - `vocabulary`: the number of tokens, above that of the alphabet: the most frequent pair of tokens is merged into
      one, again and again, until there are so many (byte-pair encoding). By default tokens are characters.
    - `typos`: the share of tokens that are replaced by random ones, in [0, 1]: a few per cent leave no pair of tokens
      unseen, so that a model of pairs has an optimum. The same ones at every call.

    **Returns** a `Corpus`.

    **Raises** `FileNotFoundError` where there is no file, `ValueError` or `TypeError` for other arguments and for fewer
    than 1,000 characters of the alphabet.

    **Reference** Sennrich, Haddow and Birch 2016, arXiv:1508.07909, for `vocabulary`.

    ```python
    >>> import jaxcollapse as jc
    >>> corpus = jc.datasets.text()
    >>> len(corpus.alphabet), len(corpus.tokens) > 300_000, "assert" in corpus.spell(corpus.tokens[:100])
    (27, True, True)
    >>> vowels = jc.datasets.text(alphabet=(" ", "aeiou", "bcdfghjklmnpqrstvwxyz"))
    >>> vowels.spell(vowels.tokens[4:10]) == " abba "
    False

    ```
    """
    classes = _classes(alphabet)
    check_scalar("typos", typos)
    check_share("typos", typos)
    if vocabulary is not None:
        check_integer("vocabulary", vocabulary, minimum=len(classes) + 1)
        check_fits(f"vocabulary={vocabulary:,}: counts of all pairs", 16.0 * float(vocabulary) ** 2, "take less")
    tokens = _numbered(_read(path).lower(), classes)
    if len(tokens) < _LEAST:
        raise ValueError(
            f"path must hold at least {_LEAST:,} characters of the alphabet, got {len(tokens):,} in {path}"
        )
    words = tuple(one[0] for one in classes)
    if vocabulary is not None:
        tokens, words = _merged(tokens, words, int(vocabulary))
    return Corpus(_with_typos(tokens.astype(_type(len(words))), len(words), float(typos)), words)


def pieces(
    corpus: Corpus, length: Count, *, held_out: Number = 0.1
) -> tuple[UInt[np.ndarray, "train length"], UInt[np.ndarray, "test length"]]:
    """A text cut into rows, some of them held out.

    **Arguments**

    - `corpus`: as `text` returns it.
    - `length`: tokens of a row, at least 2 and so many that there are rows for both.
    - `held_out`: the share of rows that is held out, between 0 and 1.

    **Returns** the rows to train on and those to test on, each in an order that is random and always the same.

    **Raises** `ValueError` or `TypeError` for other arguments.

    ```python
    >>> import jaxcollapse as jc
    >>> train, test = jc.datasets.pieces(jc.datasets.text(), 32)
    >>> train.shape[1], round(len(test) / (len(train) + len(test)), 2)
    (32, 0.1)

    ```
    """
    check_corpus(corpus)
    check_integer("length", length, minimum=2)
    check_scalar("held_out", held_out)
    check_share("held_out", held_out)
    rows = cut(corpus.tokens, length)
    kept = int(len(rows) * (1 - held_out))
    if kept < 2 or kept == len(rows):
        raise ValueError(
            f"length and held_out must leave two rows to train on and one to test on, got length={length} and "
            f"held_out={held_out} for a text of {len(corpus.tokens):,} tokens, which has {len(rows)} rows"
        )
    rows = rows[np.random.default_rng(_SEED).permutation(len(rows))]
    return rows[:kept], rows[kept:]


def cut(tokens: UInt[np.ndarray, " tokens"], length: Count) -> UInt[np.ndarray, "rows length"]:
    """All whole rows of a text, in their order."""
    return tokens[: len(tokens) // length * length].reshape(-1, length)


def check_corpus(corpus: Any) -> None:
    """A text as `text` returns it, every token of which is in the alphabet."""
    if not isinstance(corpus, Corpus):
        raise TypeError(f"corpus must be a text as jaxcollapse.datasets.text() returns it, got {corpus!r:.60}")
    tokens = np.asarray(corpus.tokens)
    if tokens.ndim != 1 or tokens.size < 2 or not np.issubdtype(tokens.dtype, np.integer):
        raise ValueError(f"corpus must have tokens in a row of integers, got {tokens.dtype} of shape {tokens.shape}")
    if tokens.min() < 0 or tokens.max() >= len(corpus.alphabet):
        raise ValueError(
            f"corpus must have tokens from 0 to {len(corpus.alphabet) - 1}, the size of its alphabet less one, "
            f"got {tokens.min()} to {tokens.max()}"
        )


def _read(path: str | os.PathLike | None) -> str:
    if path is None:
        from pydoc_data.topics import topics

        return "\n".join(topics[name] for name in sorted(topics))
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        raise FileNotFoundError(f"path must be a text file: there is no {path}") from None
    except IsADirectoryError:
        raise ValueError(f"path must be a text file: {path} is a folder") from None


def _classes(alphabet: Any) -> tuple[str, ...]:
    if not isinstance(alphabet, str | tuple) or not all(isinstance(one, str) and one for one in alphabet):
        raise TypeError(f"alphabet must be a string, or a tuple of strings, got {shown(alphabet)}")
    classes, characters = tuple(alphabet), "".join(alphabet)
    if len(classes) < 2 or len(set(characters)) != len(characters):
        raise ValueError(f"alphabet must have two tokens or more, and every character once, got {shown(alphabet)}")
    return classes


def _numbered(raw: str, classes: tuple[str, ...]) -> Int[np.ndarray, " tokens"]:
    """The class of every character; of several of the first class in a row, one is left."""
    points = np.frombuffer(raw.encode("utf-32-le"), np.uint32)
    index = np.zeros(max(max(map(ord, one)) for one in classes) + 1, np.int64)
    for number, one in enumerate(classes):
        index[[ord(character) for character in one]] = number
    tokens = np.where(points < len(index), index[np.minimum(points, len(index) - 1)], 0)
    return tokens[np.append(True, (tokens[1:] > 0) | (tokens[:-1] > 0))] if tokens.size else tokens


def _merged(tokens: np.ndarray, words: tuple[str, ...], vocabulary: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """The most frequent pair becomes one token, until there are so many."""
    while len(words) < vocabulary:
        size = len(words)
        pairs = tokens[:-1] * size + tokens[1:]
        counts = np.bincount(pairs)
        best = int(counts.argmax())
        if counts[best] < 2:
            raise ValueError(f"vocabulary must be at most {len(words)}: no pair of tokens is left that occurs twice")
        first = _apart(np.flatnonzero(pairs == best))
        tokens[first] = size
        tokens = np.delete(tokens, first + 1)
        words = (*words, words[best // size] + words[best % size])
    return tokens, words


def _apart(places: np.ndarray) -> np.ndarray:
    """Every second one of places that follow each other, from the first of them on: pairs that do not overlap."""
    begins = np.append(True, np.diff(places) > 1)
    since = np.arange(len(places)) - np.flatnonzero(begins)[np.cumsum(begins) - 1]
    return places[since % 2 == 0]


def _with_typos(tokens: np.ndarray, size: int, share: float) -> np.ndarray:
    if share == 0:
        return tokens
    rng = np.random.default_rng(_SEED)
    wrong = rng.uniform(size=len(tokens)) < share
    return np.where(wrong, rng.integers(0, size, size=len(tokens)), tokens).astype(tokens.dtype)


def _type(size: int) -> Any:
    return np.uint8 if size <= 2**8 else np.uint16 if size <= 2**16 else np.uint32
