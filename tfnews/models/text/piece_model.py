"""The content of a SentencePiece model, as sentencepiece_model.proto of that library describes it.

The library ships this made by a compiler of protocol buffers that is newer than what other packages
allow to be installed beside it: generated code refuses to run on an older protobuf. A description
runs on each. What it does not name is kept, and written as it was read.
"""

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto
from google.protobuf.descriptor_pb2 import FileDescriptorProto as File
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

_PACKAGE = "sentencepiece"
_KINDS = ("NORMAL", "UNKNOWN", "CONTROL", "USER_DEFINED", "UNUSED", "BYTE")  # numbered from 1


def _field(name: str, number: int, kind: str, **facts: object) -> FieldDescriptorProto:
    return FieldDescriptorProto(
        name=name,
        number=number,
        type=f"TYPE_{kind}",
        **{"label": "LABEL_OPTIONAL", **facts},
    )


def _message(of: str, name: str, number: int, **facts: object) -> FieldDescriptorProto:
    return _field(name, number, "MESSAGE", type_name=f".{_PACKAGE}.{of}", **facts)


def _piece() -> DescriptorProto:
    kind = f".{_PACKAGE}.ModelProto.SentencePiece.Type"
    fields = [
        _field("piece", 1, "STRING"),
        _field("score", 2, "FLOAT"),
        _field("type", 3, "ENUM", type_name=kind, default_value="NORMAL"),
    ]
    made = DescriptorProto(name="SentencePiece", field=fields)
    kinds = made.enum_type.add(name="Type")
    for number, value in enumerate(_KINDS, start=1):
        kinds.value.add(name=value, number=number)
    return made


def _model() -> DescriptorProto:
    return DescriptorProto(
        name="ModelProto",
        field=[
            _message("ModelProto.SentencePiece", "pieces", 1, label="LABEL_REPEATED"),
            _message("TrainerSpec", "trainer_spec", 2),
            _message("NormalizerSpec", "normalizer_spec", 3),
        ],
        nested_type=[_piece()],
    )


def _normalizer() -> DescriptorProto:
    return DescriptorProto(
        name="NormalizerSpec",
        field=[_field("name", 1, "STRING"), _field("precompiled_charsmap", 2, "BYTES")],
    )


def _described() -> type:
    pool = DescriptorPool()
    pool.Add(
        File(
            name="sentencepiece_model.proto",
            package=_PACKAGE,
            syntax="proto2",
            message_type=[DescriptorProto(name="TrainerSpec"), _normalizer(), _model()],
        )
    )
    return GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.ModelProto"))


ModelProto = _described()
SentencePiece = GetMessageClass(ModelProto.DESCRIPTOR.fields_by_name["pieces"].message_type)
