"""A check of schemathesis: what the OpenAPI document does not allow is refused, unless proto3's own JSON takes it.

The document tells what answers look like; proto3 also reads null for a default, numbers for text, names of the proto. Google's
json_format is the judge of that.
"""
import sys
from pathlib import Path

import grpc
import schemathesis
from google.protobuf import json_format, message_factory
from schemathesis.specs.openapi.checks import AcceptedNegativeData, negative_data_rejection

PROTOS = Path(__file__).resolve().parents[2] / "Protos"
sys.path.append(str(PROTOS))
MODULES = [grpc.protos(str(path.relative_to(PROTOS))) for path in sorted(PROTOS.glob("sluice/v1/*.proto"))]


def input_of(operation_id):
    """The descriptor of the request of `Service_Method`."""
    service, _, method = operation_id.partition("_")
    for module in MODULES:
        found = module.DESCRIPTOR.services_by_name.get(service)
        if found:
            return found.methods_by_name[method].input_type
    raise AssertionError(f"no service {service}")


def whole_request(case):
    """The request as JSON of its message, out of path, query and body."""
    operation = case.operation.definition.raw
    descriptor = input_of(operation["operationId"])
    request, names = {}, [parameter["name"] for parameter in operation.get("parameters", [])]

    def put(path, value):
        inner = request
        *outer, last = path.split(".")
        for name in outer:
            inner = inner.setdefault(name, {})
        inner[last] = value

    if isinstance(case.body, (dict, list, str, int, float, bool)) or case.body is None:
        body = operation.get("requestBody")
        if body and body["required"]:
            field = next(f for f in descriptor.fields if f.message_type and not any(n.startswith(f.json_name + ".") for n in names)
                         and not f.message_type.full_name.startswith("google."))
            request[field.json_name] = case.body
        elif body:
            if not isinstance(case.body, dict):
                raise json_format.ParseError("the body is no object")
            request.update(case.body)
    for values in (case.path_parameters or {}, case.query or {}):
        for name, value in values.items():
            known = name in names
            if not known:
                raise json_format.ParseError(f"no parameter {name}")
            put(name, [str(one) for one in value] if isinstance(value, list) and len(value) != 1 else str(value[0] if isinstance(value, list) else value))
    return descriptor, request


@schemathesis.check
def proto_rejection(ctx, response, case):
    try:
        negative_data_rejection(ctx, response, case)
    except AcceptedNegativeData:
        try:
            descriptor, request = whole_request(case)
            json_format.ParseDict(request, message_factory.GetMessageClass(descriptor)())
        except json_format.ParseError as error:
            raise AssertionError(f"accepted, though it is no {case.operation.label}: {error}") from error
