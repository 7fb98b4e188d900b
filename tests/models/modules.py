"""Text modules that cannot be read natively, each in its own way, and some that cannot be used."""

import tensorflow as tf


class Words(tf.Module):
    """A vocabulary asset and a table, as published, but punctuation is stripped first."""

    def __init__(self, folder, words, table):
        super().__init__()
        tokens = folder / "tokens.txt"
        tokens.write_text("".join(f"{word}\n" for word in words), encoding="utf-8")
        rows = tf.lookup.TextFileInitializer(
            str(tokens),
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        )
        self.rows = tf.lookup.StaticVocabularyTable(rows, 1)
        self.embeddings = tf.Variable(table, name="module/embeddings")

    def pool(self, texts):
        texts = tf.strings.regex_replace(texts, "[[:punct:]]", "")
        tokens = tf.strings.split(texts, sep=" ").to_sparse()
        rows = tf.SparseTensor(tokens.indices, self.rows.lookup(tokens.values), tokens.dense_shape)
        return tf.nn.safe_embedding_lookup_sparse(self.embeddings, rows, combiner="sqrtn")

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, texts):
        return self.pool(texts)


class Projected(Words):
    """Two variables."""

    def __init__(self, folder, words, table):
        super().__init__(folder, words, table)
        self.projection = tf.Variable(tf.eye(table.shape[1])[:, ::-1], name="projection")

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, texts):
        return self.pool(texts) @ self.projection


class Double(Words):
    """Variables and answers in float64."""

    def __init__(self, folder, words, table):
        super().__init__(folder, words, table.astype("float64"))


class Hashed(tf.Module):
    """No variables: a fixed function of the text's length and its first letters."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, texts):
        bucket = tf.strings.to_hash_bucket_fast(texts, 7)
        return tf.one_hot(bucket, 7) * tf.math.log1p(
            tf.cast(tf.strings.length(texts), tf.float32)[:, tf.newaxis]
        )


class TwoDimensional(Words):
    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.string)])
    def __call__(self, texts):
        return self.pool(texts[:, 0])


class Dictionary(Words):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, texts):
        return {"pooled": self.pool(texts), "length": tf.strings.length(texts)}


class Numbers(Words):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32)])
    def __call__(self, ids):
        return tf.gather(self.embeddings, ids)


class Sequences(Words):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, texts):
        return self.pool(texts)[:, tf.newaxis]


class Undefined(Words):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, texts):
        return self.pool(texts) / 0.0


class Forgetful(Words):
    """NaN for texts of some length only: behind a ReLU they would all have the same score."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, texts):
        long = (tf.strings.length(texts) > 200)[:, tf.newaxis]
        return tf.where(long, float("nan"), self.pool(texts))


class Uncallable(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def embed(self, texts):
        return tf.cast(tf.strings.length(texts), tf.float32)[:, tf.newaxis]


USABLE = {"normalised": Words, "projected": Projected, "double": Double}
REFUSED = {
    TwoDimensional: r"cannot be used: .* It takes: .*shape=\(None, None\), dtype=tf\.string",
    Dictionary: r"it answers with a dict with the keys length, pooled",
    Numbers: r"cannot be used: .* It takes: .*dtype=tf\.int32",
    Sequences: r"it answers 4 texts with float32 of shape \(4, 1, 6\)",
    Undefined: "it answers with NaN or infinity",
    Forgetful: "it answers with NaN or infinity to long texts",
    Uncallable: "cannot be used: it is not callable",
}


def save(kind, folder, words, table):
    """Write a module of a kind to folder/module."""
    module = kind(folder, words, table) if issubclass(kind, Words) else kind()
    tf.saved_model.save(module, str(folder / "module"))
    return folder / "module"
