"""What services raise when they are asked for something that cannot be."""


class Invalid(ValueError):
    """Bad input. `field` names the input, `template` says in plain words what would do.

    The words are English and a literal at the place that raises, `Invalid("name", "%(most)s characters at most.",
    most=100)`, so that translations find them; whoever shows them to a person translates (portal/wording.py).
    """

    def __init__(self, field: str, template: str, **parameters: object) -> None:
        self.field = field
        self.template = template
        self.parameters = parameters
        super().__init__(f"{field}: {self.message}")

    @property
    def message(self) -> str:
        """The sentence in English."""
        return self.template % self.parameters if self.parameters else self.template
