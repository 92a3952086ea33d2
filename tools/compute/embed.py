"""Turn texts into vectors: hashed letter groups and LSA without downloads; word2vec and BERT where they are installed."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from opsmith.tools.contract import ToolError

METHODS = ("hashed", "lsa", "word2vec", "fasttext", "bert", "endpoint")
DIMENSIONS = {"hashed": 256, "lsa": 100, "word2vec": 100, "fasttext": 100}
_NAMES = {"tfidf": "lsa", "tf-idf": "lsa", "hashing": "hashed", "ngrams": "hashed", "w2v": "word2vec", "sbert": "bert",
          "sentence-transformers": "bert", "sentence_transformers": "bert", "minilm": "bert", "openai": "endpoint"}  # fmt: skip


def embedding_method(name: str) -> str:
    """The method that a name means. ToolError when there is none."""
    wanted = _NAMES.get(name.strip().lower(), name.strip().lower())
    if wanted not in METHODS:
        raise ToolError(f"There is no embedding called {name!r}. Methods: {', '.join(METHODS)}.")
    return wanted


def hashed_vectors(texts: Sequence[str], dimensions: int = 256) -> np.ndarray:
    """Signed hashed counts of letter groups of 3 to 5, of length 1; nothing is fitted (Weinberger et al. 2009)."""
    _needs_learning()
    from sklearn.feature_extraction.text import HashingVectorizer

    made = HashingVectorizer(analyzer="char_wb", ngram_range=(3, 5), n_features=dimensions, norm="l2", lowercase=True)
    return np.asarray(made.transform(texts).toarray(), dtype=np.float32)


def fit_lsa(texts: Sequence[str], dimensions: int, seed: int) -> dict[str, Any]:
    """Latent semantic analysis (Deerwester et al. 1990): TF-IDF of words and pairs, then a truncated SVD, as plain lists."""
    _needs_learning()
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(
        sublinear_tf=True, min_df=2 if len(texts) > 50 else 1, ngram_range=(1, 2), max_features=20_000
    )
    try:
        matrix = words.fit_transform(texts)
    except ValueError:
        raise ToolError("The texts hold too few words for LSA. Use the hashed embedding.") from None
    size = max(1, min(dimensions, matrix.shape[1] - 1, matrix.shape[0] - 1))
    svd = TruncatedSVD(size, random_state=seed).fit(matrix)
    terms = sorted(words.vocabulary_, key=words.vocabulary_.__getitem__)
    return {"terms": terms, "idf": np.round(words.idf_, 6).tolist(), "axes": np.round(svd.components_, 6).tolist()}


def lsa_vectors(texts: Sequence[str], fitted: dict[str, Any]) -> np.ndarray:
    """Vectors of length 1 on the axes of `fit_lsa`."""
    words, axes = _lsa(json.dumps(fitted))
    vectors = np.asarray(words.transform(texts) @ axes.T)
    sizes = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(sizes > 0, sizes, 1), dtype=np.float32)


@lru_cache(maxsize=4)
def _lsa(frozen: str) -> tuple[Any, np.ndarray]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    fitted = json.loads(frozen)
    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), vocabulary=fitted["terms"])
    words.idf_ = np.array(fitted["idf"])
    return words, np.array(fitted["axes"])


def trained_vectors(texts: Sequence[str], method: str, dimensions: int, seed: int) -> dict[str, list[float]]:
    """Word vectors trained on these texts by gensim's Word2Vec or FastText. ToolError when gensim is not installed."""
    try:
        from gensim.models import FastText, Word2Vec
    except ImportError:
        raise ToolError(
            f"{method} needs gensim. Install it with: pip install gensim, or use the method hashed or tfidf."
        ) from None
    words = [_words(t) for t in texts]
    make = FastText if method == "fasttext" else Word2Vec
    model = make(
        words, vector_size=dimensions, window=5, min_count=2 if len(words) > 50 else 1, workers=1, seed=seed, epochs=10
    )
    return {w: [round(float(x), 6) for x in model.wv[w]] for w in model.wv.index_to_key}


def mean_vectors(texts: Sequence[str], words: dict[str, list[float]], dimensions: int) -> np.ndarray:
    """The mean of the word vectors of each text; zeros when it has no known word."""
    made = np.zeros((len(texts), dimensions), dtype=np.float32)
    for row, text in enumerate(texts):
        known = [words[w] for w in _words(text) if w in words]
        if known:
            made[row] = np.mean(known, axis=0)
    return made


def model_vectors(texts: Sequence[str], folder: str) -> np.ndarray:
    """Vectors of a sentence-transformers model in a local folder; nothing is ever downloaded."""
    model = _model(folder)
    return np.asarray(model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False), dtype=np.float32)


@lru_cache(maxsize=1)
def _model(folder: str) -> Any:
    if not folder or not Path(folder).expanduser().is_dir():
        told = f"{folder} is no folder" if folder else "none is set"
        raise ToolError(
            f"The bert embedding needs a model folder on this machine, and {told}. Set embedding_model_folder to a "
            "sentence-transformers folder, or use the method hashed or tfidf."
        )
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        raise ToolError(
            "The bert embedding needs sentence-transformers. Install it with: pip install sentence-transformers, or use the "
            "method hashed or tfidf."
        ) from None
    return SentenceTransformer(str(Path(folder).expanduser()), local_files_only=True)


def endpoint_vectors(texts: Sequence[str], url: str, model: str, key: str = "") -> np.ndarray:
    """Vectors of an OpenAI-compatible endpoint (POST URL/embeddings), 64 texts a request."""
    if not url.startswith(("http://", "https://")):
        raise ToolError("The endpoint embedding needs the setting embedding_url, such as http://localhost:8080/v1.")
    rows: list[list[float]] = []
    for start in range(0, len(texts), 64):
        body = json.dumps({"model": model, "input": list(texts[start : start + 64])}).encode()
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
        request = urllib.request.Request(f"{url.rstrip('/')}/embeddings", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                found = json.loads(answer.read())["data"]
        except (OSError, ValueError, KeyError) as error:
            raise ToolError(f"The embedding endpoint {url} did not answer as expected: {error}.") from None
        rows += [item["embedding"] for item in sorted(found, key=lambda item: item["index"])]
    return np.asarray(rows, dtype=np.float32)


def stand_in(method: str, folder: str) -> str:
    """Why a method cannot be used here, as half a sentence; '' when it can. What is missing is then stood in for by hashed."""
    import importlib.util

    wanted = embedding_method(method)
    if wanted == "bert" and not (folder and Path(folder).expanduser().is_dir()):
        told = f"{folder} is no folder" if folder else "embedding_model_folder is not set"
        return f"no BERT model folder is there ({told})"
    if wanted == "bert" and importlib.util.find_spec("sentence_transformers") is None:
        return "sentence-transformers is not installed"
    if wanted in ("word2vec", "fasttext") and importlib.util.find_spec("gensim") is None:
        return f"gensim, which trains {wanted}, is not installed"
    return ""


def _needs_learning() -> None:
    import importlib.util

    if importlib.util.find_spec("sklearn") is None:
        raise ToolError("Embeddings need the ml extra. Install it with: pip install 'opsmith[ml]'")


def _words(text: str) -> list[str]:
    import re

    return re.findall(r"[^\W_]+", text.lower())
