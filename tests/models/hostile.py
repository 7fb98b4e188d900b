"""SavedModels that reach for files, each in its own way, made in the published layout."""

import tensorflow as tf

TARGET = "written.txt"  # what a graph leaves behind where it was run


class Layout(tf.train.Checkpoint):
    """A vocabulary asset, a table and a call, as published; `reach` is what a graph does besides.

    Args:
        folder: Files are made there.
        path: What the graph reaches for.
    """

    def __init__(self, folder, path):
        super().__init__()
        tokens = folder / "tokens.txt"
        tokens.write_text("the\nvote\n", encoding="utf-8")
        self.path = str(path)
        rows = tf.lookup.TextFileInitializer(
            str(tokens),
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        )
        self.rows = tf.lookup.StaticVocabularyTable(rows, 1)
        self.embeddings = tf.Variable(tf.eye(3)[:, :2], name="embeddings")
        self.variables = [self.embeddings]
        self.trainable_variables = [self.embeddings]

    def reach(self, texts):
        return texts

    def vectors(self, texts):
        tokens = tf.strings.split(texts, sep=" ").to_sparse()
        rows = tf.SparseTensor(tokens.indices, self.rows.lookup(tokens.values), tokens.dense_shape)
        return tf.nn.safe_embedding_lookup_sparse(self.embeddings, rows, combiner="sqrtn")

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="sentences")])
    def __call__(self, sentences):
        return self.vectors(self.reach(sentences))


class Writes(Layout):
    def reach(self, texts):
        tf.io.write_file(self.path, "x")
        return texts


class Prints(Layout):
    def reach(self, texts):
        tf.print("x", output_stream=f"file://{self.path}")
        return texts


class LooksUp(Layout):
    """Fills a table from another file than its asset: /etc/passwd would do."""

    def reach(self, texts):
        table = tf.raw_ops.AnonymousHashTable(key_dtype=tf.string, value_dtype=tf.int64)
        tf.raw_ops.InitializeTableFromTextFileV2(
            table_handle=table, filename=self.path, key_index=-2, value_index=-1
        )
        return texts


class LooksUpWhatIsAsked(Layout):
    """Takes a text for a file's name."""

    def reach(self, texts):
        table = tf.raw_ops.AnonymousHashTable(key_dtype=tf.string, value_dtype=tf.int64)
        tf.raw_ops.InitializeTableFromTextFileV2(
            table_handle=table, filename=texts[0], key_index=-2, value_index=-1
        )
        return texts


class Loops(Layout):
    def reach(self, texts):
        return tf.while_loop(lambda _: True, lambda held: (held,), (texts,))[0]


class Nested(Layout):
    """Writes in a function that another calls within a branch."""

    def reach(self, texts):
        @tf.function
        def write():
            tf.io.write_file(self.path, "x")
            return 1

        tf.cond(tf.shape(texts)[0] > 0, write, lambda: 0)
        return texts


class _Resource(tf.saved_model.experimental.TrackableResource):
    def __init__(self, path):
        super().__init__()
        self.path = path
        self.resource_handle  # noqa: B018  makes it

    def _create_resource(self):
        return tf.raw_ops.AnonymousHashTable(key_dtype=tf.string, value_dtype=tf.int64)

    def _initialize(self):
        tf.io.write_file(self.path, "x")


class Initialises(Layout):
    """Writes as it is opened, before any call."""

    def __init__(self, folder, path):
        super().__init__(folder, path)
        self.resource = _Resource(self.path)


# Kind -> what the refusal names.
HOSTILE = {
    Writes: "WriteFile",
    Prints: "PrintV2",
    LooksUp: "a file's name that is no asset's",
    LooksUpWhatIsAsked: "a file's name that is no asset's",
    Loops: "While",
    Nested: "WriteFile",
    Initialises: "WriteFile",
}


def save(kind, folder):
    """Write a module of a kind to folder/module; its graph reaches for folder/TARGET."""
    module = kind(folder, folder / TARGET)
    # Tracing a resource's initialiser runs nothing, but making it here does.
    tf.saved_model.save(module, str(folder / "module"))
    (folder / TARGET).unlink(missing_ok=True)
    return folder / "module"
