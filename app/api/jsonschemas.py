"""Pydantic's JSON schemas, as the document carries them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]
TEMPLATE = "#/components/schemas/{model}"


class Components:
    """The schemas that are referred to, each once."""

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}
        self._models: dict[str, type[BaseModel]] = {}

    def reference(self, model: type[BaseModel]) -> Schema:
        """A reference to the schema of `model`, which is added if it is new.

        Raises ValueError for another model of the same name.
        """
        if self._models.setdefault(model.__name__, model) is not model:
            raise ValueError(f"two schemas are called {model.__name__}: rename one")
        if model.__name__ not in self.schemas:
            schema = schema_of(model)
            for name, part in {**schema.pop("$defs", {}), model.__name__: schema}.items():
                if self.schemas.setdefault(name, part) != part:
                    raise ValueError(f"two schemas are called {name}: rename one")
        return {"$ref": TEMPLATE.format(model=model.__name__)}


def schema_of(model: type[BaseModel]) -> Schema:
    """The schema of what the model takes."""
    schema: Schema = _tidy(model.model_json_schema(ref_template=TEMPLATE))
    return schema


def parameters_of(model: type[BaseModel]) -> Iterator[Schema]:
    """The fields of `model` as parameters of a query: an empty one is the same as none."""
    schema = schema_of(model)
    for name, field in schema["properties"].items():
        options = [one for one in field.pop("anyOf", []) if one != {"type": "null"}]
        found = {**field, **(options[0] if len(options) == 1 else {})}
        text = found.pop("description", "")
        parameter = {"name": name, "in": "query", "required": name in schema.get("required", [])}
        parameter["allowEmptyValue"] = True
        yield {**parameter, "schema": found, **({"description": text} if text else {})}


def _tidy(schema: Any) -> Any:
    """Without the titles that only repeat names, and without `default: null`: it means absent."""
    if isinstance(schema, list):
        return [_tidy(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: {key: _tidy(value) for key, value in one.items()}
        if name in ("properties", "$defs")
        else _tidy(one)
        for name, one in schema.items()
        if not (name == "title" and isinstance(one, str))
        and not (name == "default" and one is None)
    }
