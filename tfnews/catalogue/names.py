"""Every list of names that more than one room knows, once and without TensorFlow.

The room that carries a list out may have a table of the same names; tests hold the two together.
"""

# Splits, in the order in which rows are used.
PARTS = ("train", "validation", "test")

# How `prepare` may be asked to split.
STRATEGIES = ("random", "group", "time")

# What labels rest on, where somebody has said so.
LABEL_BASES = ("publisher", "factcheck", "crowd", "satire", "clickbait")
UNSTATED = "unstated"

# Where the label of a row stands.
LABELS_FROM = ("column", "name")

# What can be cut from an article's body.
CUTS = ("dateline", "footer")

# What is done to a text before it is split into words.
NORMALISATIONS = ("none", "lower", "words")

# What a row reads of the training texts: words between spaces, or where there are none characters,
# or pieces learnt from the texts.
ANALYZERS = ("auto", "word", "char", "piece")

# Files of word vectors.
VECTOR_FORMATS = ("glove", "word2vec-text", "word2vec-binary", "npy")

# Keras' names of what a model computes in.
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")

# What computes answers: TensorFlow, or LiteRT with weights in 8 bits.
BACKENDS = ("tensorflow", "litert")

# Beam's names of the engines that score many files.
RUNNERS = ("DirectRunner", "PrismRunner", "FlinkRunner", "SparkRunner", "DataflowRunner")

OPTIMIZERS = ("adam", "adamw", "lazy_adam")
SCHEDULES = ("constant", "linear")

# Columns of a fit's history that training can watch.
MONITORS = ("val_loss", "val_accuracy", "val_f1", "val_weighted_f1", "loss", "accuracy")

# By what `tune` breaks off trials that do worse than others did after as many epochs.
PRUNERS = ("median", "hyperband", "none")

# Whose recipe a fit follows: the one chosen on validation texts, or the study's.
RECIPES = ("default", "published")

# Whether the rarer class of the training texts weighs as much as the commoner one; auto settles it.
CLASS_WEIGHTS = ("auto", "balanced", "none")

# What weighs the same where a model learns from several sets: each text, or each set; and the
# column that says which set a text of joined ones comes from.
BALANCES = ("rows", "sets")
DATA_SET = "data_set"

# How scores are mapped, so that they can be read as shares: what is fitted on validation texts.
CALIBRATIONS = ("temperature", "platt", "isotonic", "none")

# Transformers: encoders, activations as a checkpoint's config.json names them, what is judged of
# an encoder's output, and what is done with texts that are too long for it.
ARCHITECTURES = ("bert", "distilbert", "albert", "mobilebert")
ACTIVATIONS = ("gelu", "gelu_new", "gelu_pytorch_tanh", "relu")
POOLINGS = ("pooled", "mean")
LONG = ("truncate", "head-tail", "windows")

# What a trained run can be written for, and as what numbers its weights.
TARGETS = ("savedmodel", "tflite", "huggingface", "web")
QUANTIZATIONS = ("none", "float16", "dynamic")

# How an answer can be explained, and by what pieces of the text.
EXPLANATIONS = ("exact", "gradients", "occlusion")
PIECES = ("word", "sentence")
