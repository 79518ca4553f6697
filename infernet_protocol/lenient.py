"""The wire's tolerance for odd input (`wire.md` §1), in one base class.

Unknown fields are ignored. An *optional* field of the wrong type counts as absent. A required
field of the wrong type is an error.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator
from pydantic_core.core_schema import ValidationInfo, ValidatorFunctionWrapHandler


class WireModel(BaseModel):
    """A request body of the existing network."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    @field_validator("*", mode="wrap")
    @classmethod
    def _wrong_type_counts_as_absent(
        cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> Any:
        field = cls.model_fields[info.field_name or ""]
        try:
            return handler(value)
        except ValidationError:
            if field.is_required():
                raise
            return field.get_default(call_default_factory=True)
