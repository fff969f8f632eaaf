"""Holds raw answers to botocore's service model, where botocore's own parser is lenient."""

import base64
import json
import re

from botocore.eventstream import EventStreamBuffer

REQUEST_ID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def violations(value, shape, place="$"):
    """What in a decoded JSON value breaks the shape: one line each."""
    if shape.metadata.get("document"):
        return []
    check = {
        "structure": _structure,
        "list": _list,
        "map": _map,
        "string": _string,
        "integer": _integer,
        "long": _integer,
        "float": _number,
        "double": _number,
        "boolean": _boolean,
        "blob": _blob,
    }[shape.type_name]
    return list(check(value, shape, place))


def _structure(value, shape, place):
    if not isinstance(value, dict):
        yield f"{place} is not an object"
        return
    members = {
        member.serialization.get("name", name): member for name, member in shape.members.items()
    }
    for name in value.keys() - members.keys():
        yield f"{place} has the unknown member {name}"
    for name in set(shape.required_members) - value.keys():
        yield f"{place} lacks the required member {name}"
    if shape.is_tagged_union and len(value) != 1:
        yield f"{place} is a union with {len(value)} members"
    for name in value.keys() & members.keys():
        yield from violations(value[name], members[name], f"{place}.{name}")


def _list(value, shape, place):
    if not isinstance(value, list):
        yield f"{place} is not a list"
        return
    yield from _bounds(len(value), shape, place)
    for at, item in enumerate(value):
        yield from violations(item, shape.member, f"{place}[{at}]")


def _map(value, shape, place):
    if not isinstance(value, dict):
        yield f"{place} is not an object"
        return
    for key, item in value.items():
        yield from violations(key, shape.key, f"{place} key {key}")
        yield from violations(item, shape.value, f"{place}.{key}")


def _string(value, shape, place):
    if not isinstance(value, str):
        yield f"{place} is not a string"
        return
    if shape.enum and value not in shape.enum:
        yield f"{place} is {value!r}, which is not one of {shape.enum}"
    yield from _bounds(len(value), shape, place)
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value):
        yield f"{place} is {value!r}, which does not match {pattern}"


def _integer(value, shape, place):
    if not isinstance(value, int) or isinstance(value, bool):
        yield f"{place} is not an integer"
    else:
        yield from _bounds(value, shape, place)


def _number(value, shape, place):
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        yield f"{place} is not a number"
    else:
        yield from _bounds(value, shape, place)


def _boolean(value, _shape, place):
    if not isinstance(value, bool):
        yield f"{place} is not a boolean"


def _blob(value, _shape, place):
    try:
        base64.b64decode(value, validate=True)
    except (TypeError, ValueError):
        yield f"{place} is not base 64"


def _bounds(size, shape, place):
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield f"{place} is {size}, less than {least}"
    if most is not None and size > most:
        yield f"{place} is {size}, more than {most}"


def judge(client):
    """Makes a client fail on the first answer that the service model does not allow."""
    listener = _Judge(client.meta.service_model)
    client.meta.events.register("before-parse.bedrock-runtime", listener.hear)


class _Judge:
    def __init__(self, service):
        self.service = service

    def hear(self, operation_model, response_dict, **_):
        """Called with each answer before botocore parses it."""
        headers = response_dict["headers"]
        request_id = headers.get("x-amzn-requestid", "")
        _insist(REQUEST_ID.fullmatch(request_id), f"the request id is {request_id!r}")
        if response_dict["status_code"] >= 300:
            _insist_json(headers)
            self._hear_error(response_dict)
        elif operation_model.has_event_stream_output:
            kind = headers.get("content-type")
            _insist(kind == "application/vnd.amazon.eventstream", f"a stream's type is {kind}")
            stream = operation_model.get_event_stream_output()
            response_dict["body"] = _Overheard(response_dict["body"], stream)
        elif not operation_model.has_streaming_output:
            _insist_json(headers)
            _insist_shape(json.loads(response_dict["body"]), operation_model.output_shape)

    def _hear_error(self, response):
        code = response["headers"].get("x-amzn-errortype", "").split(":")[0]
        if code in self.service.shape_names:
            _insist_shape(json.loads(response["body"]), self.service.shape_for(code))


class _Overheard:
    """A stream's bytes, each of whose frames is judged on its way."""

    def __init__(self, raw, shape):
        self.raw, self.shape = raw, shape

    def stream(self):
        frames = EventStreamBuffer()
        for piece in self.raw.stream():
            # Yielded first: a broken frame is botocore's to find.
            yield piece
            frames.add_data(piece)
            for frame in frames:
                self._judge(frame)

    def close(self):
        self.raw.close()

    def _judge(self, frame):
        headers = frame.headers
        kind = headers.get(":message-type")
        _insist(kind in ("event", "exception"), f"a frame's message type is {kind}")
        name = headers.get(f":{kind}-type")
        _insist(name in self.shape.members, f"a frame is of the unknown type {name}")
        _insist(headers.get(":content-type") == "application/json", "a frame is not JSON")
        _insist_shape(json.loads(frame.payload), self.shape.members[name])


def _insist_json(headers):
    kind = headers.get("content-type")
    _insist(kind == "application/json", f"an answer's type is {kind}")


def _insist_shape(value, shape):
    found = violations(value, shape)
    _insist(not found, f"not a {shape.name}: " + "; ".join(found))


def _insist(holds, complaint):
    if not holds:
        raise AssertionError(complaint)
