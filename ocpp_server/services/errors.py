"""What services raise when they are asked for something that cannot be."""


class Invalid(ValueError):
    """Bad input. `field` names the input, `message` says in plain words what would do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message
