"""Operations that a foreign graph may consist of: they compute, and reach nothing outside it.

An allow-list: of the 1,500 operations of TensorFlow and its text library, those are named that
published text modules, and exports of this project, are made of, and their near relations. Left out
on purpose are, among others, files (ReadFile, WriteFile, ImmutableConst, readers), printing
(PrintV2 writes to files, too), summaries, data sets, queues, other machines, Python (PyFunc),
debugging (DebugIdentityV2 writes to addresses) and loops (While), which may never end.
"""

_CONTROL = """
Assert Case If StatelessCase StatelessIf Merge NoOp PartitionedCall StatefulPartitionedCall Switch
"""
_PLUMBING = """
CheckNumerics Const DeepCopy DisableCopyOnRead Empty EnsureShape FakeParam Identity IdentityN
Placeholder PlaceholderWithDefault PreventGradient Snapshot StopGradient
"""
_VARIABLES = """
AssignAddVariableOp AssignSubVariableOp AssignVariableOp DestroyResourceOp ReadVariableOp
ResourceGather ResourceGatherNd VarHandleOp VarIsInitializedOp VariableShape
"""
_TABLES = """
AnonymousHashTable AnonymousMutableHashTable HashTableV2 InitializeTableFromTextFileV2
InitializeTableV2 LookupTableExportV2 LookupTableFindV2 LookupTableImportV2 LookupTableInsertV2
LookupTableRemoveV2 LookupTableSizeV2 MutableDenseHashTableV2 MutableHashTableV2
"""
_SHAPES = """
BatchToSpaceND BroadcastArgs BroadcastGradientArgs BroadcastTo Concat ConcatOffset ConcatV2
DynamicPartition DynamicStitch ExpandDims Fill Gather GatherNd GatherV2 InvertPermutation LinSpace
MatrixBandPart MatrixDiagPartV3 MatrixDiagV3 MatrixSetDiagV3 MirrorPad OneHot OnesLike Pack Pad
PadV2 ParallelConcat ParallelDynamicStitch Range Rank Reshape Reverse ReverseSequence ReverseV2 Roll
ScatterNd Shape ShapeN Size Slice SpaceToBatchND Split SplitV Squeeze StridedSlice
TensorScatterAdd TensorScatterMax TensorScatterMin TensorScatterSub TensorScatterUpdate Tile
Transpose ConjugateTranspose Unpack UnravelIndex Where ZerosLike
"""
_NUMBERS = """
Abs AccumulateNV2 Add AddN AddV2 All Any ApproximateEqual ArgMax ArgMin Atan Atan2 BatchMatMul
BatchMatMulV2 BatchMatMulV3 Betainc BiasAdd BiasAddV1 Bincount Bitcast BitwiseAnd BitwiseOr
BitwiseXor Bucketize Cast Ceil ClipByValue Cos Cosh Cross Cumprod Cumsum CumulativeLogsumexp
DenseBincount Digamma Div DivNoNan Einsum Elu Equal Erf Erfc Erfinv EuclideanNorm Exp Expm1 Floor
FloorDiv FloorMod Greater GreaterEqual HistogramFixedWidth InTopKV2 Inv Invert IsFinite IsInf IsNan
L2Loss LeakyRelu LeftShift Less LessEqual Lgamma ListDiff Log Log1p LogSoftmax LogicalAnd LogicalNot
LogicalOr LowerBound MatMul Max Maximum Mean Min Minimum Mod Mul MulNoNan Neg NextAfter NotEqual
NthElement Pow Prod RaggedBincount RealDiv Reciprocal Relu Relu6 RightShift Rint Round Rsqrt
SegmentMax SegmentMean SegmentMin SegmentProd SegmentSum Select SelectV2 Selu Sigmoid Sign Sin Sinh
Softmax SoftmaxCrossEntropyWithLogits Softplus Softsign SparseSoftmaxCrossEntropyWithLogits Sqrt
Square SquaredDifference Sub Sum Tan Tanh TopK TopKV2 TruncateDiv TruncateMod Unique UniqueV2
UniqueWithCounts UniqueWithCountsV2 UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd
UnsortedSegmentSum UpperBound Xdivy Xlog1py Xlogy
"""
_LAYERS = """
AvgPool AvgPool3D Conv Conv2D Conv3D DepthToSpace DepthwiseConv2dNative FusedBatchNorm
FusedBatchNormV2 FusedBatchNormV3 LRN MaxPool MaxPool3D MaxPoolV2 SpaceToDepth
"""
_GRADIENTS = """
BiasAddGrad EluGrad InvGrad LeakyReluGrad ReciprocalGrad Relu6Grad ReluGrad RsqrtGrad SeluGrad
SigmoidGrad SoftplusGrad SoftsignGrad SparseFillEmptyRowsGrad SparseSegmentMeanGrad
SparseSegmentSqrtNGrad SparseSegmentSumGrad SqrtGrad TanhGrad
"""
_DRAWN = """
Multinomial ParameterizedTruncatedNormal RandomGamma RandomShuffle RandomStandardNormal
RandomUniform RandomUniformInt StatelessMultinomial StatelessRandomGetAlg
StatelessRandomGetKeyCounter StatelessRandomNormal StatelessRandomNormalV2 StatelessRandomUniform
StatelessRandomUniformFullInt StatelessRandomUniformInt StatelessRandomUniformIntV2
StatelessRandomUniformV2 StatelessTruncatedNormal StatelessTruncatedNormalV2 TruncatedNormal
"""
_SPARSE = """
DenseToSparseSetOperation RaggedCross RaggedFillEmptyRows RaggedGather RaggedRange
RaggedTensorFromVariant RaggedTensorToSparse RaggedTensorToTensor RaggedTensorToVariant SparseAdd
SparseBincount SparseConcat SparseCross SparseCrossHashed SparseCrossV2 SparseDenseCwiseAdd
SparseDenseCwiseDiv SparseDenseCwiseMul SparseFillEmptyRows SparseMatMul SparseReduceMax
SparseReduceSum SparseReorder SparseReshape SparseSegmentMean SparseSegmentMeanWithNumSegments
SparseSegmentSqrtN SparseSegmentSqrtNWithNumSegments SparseSegmentSum
SparseSegmentSumWithNumSegments SparseSlice SparseSoftmax SparseSplit SparseTensorDenseAdd
SparseTensorDenseMatMul SparseToDense SparseToSparseSetOperation
"""
_STRINGS = """
AsString DecodeBase64 DecodeRaw EditDistance EncodeBase64 Fingerprint ParseExample ParseExampleV2
ParseSingleExample ReduceJoin RegexFullMatch RegexReplace StaticRegexFullMatch StaticRegexReplace
StringFormat StringJoin StringLength StringLower StringNGrams StringSplit StringSplitV2 StringStrip
StringToHashBucket StringToHashBucketFast StringToHashBucketStrong StringToNumber StringUpper Substr
UnicodeDecode UnicodeDecodeWithOffsets UnicodeEncode UnicodeScript UnicodeTranscode
UnsortedSegmentJoin
"""
_TENSORFLOW_TEXT = """
CaseFoldUTF8 FastWordpieceTokenizeWithOffsets NormalizeUTF8 NormalizeUTF8WithOffsetsMap
RegexSplitWithOffsets SentencepieceDetokenizeOp SentencepieceIdToStringOp SentencepieceOp
SentencepieceStringToIdOp SentencepieceTokenizeOp SentencepieceTokenizeWithOffsetsOp
SentencepieceVocabSizeOp SplitMergeTokenizeWithOffsets TFText>FastBertNormalize
TFText>FastWordpieceTokenizeWithOffsets TFText>NgramsStringJoin TFText>RoundRobinGenerateMasks
TFText>RoundRobinTrim TFText>WhitespaceTokenizeWithOffsetsV2 UnicodeScriptTokenizeWithOffsets
WhitespaceTokenizeWithOffsets WordpieceTokenizeWithOffsets
"""

ALLOWED = frozenset(
    "".join(
        (
            _CONTROL, _PLUMBING, _VARIABLES, _TABLES, _SHAPES, _NUMBERS, _LAYERS, _GRADIENTS,
            _DRAWN, _SPARSE, _STRINGS, _TENSORFLOW_TEXT,
        )
    ).split()
)  # fmt: skip

# What functions that save and restore variables consist of besides; nothing else may hold them.
SAVING = frozenset({"MergeV2Checkpoints", "RestoreV2", "SaveV2", "ShardedFilename"})
