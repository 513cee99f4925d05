"""GetDiagnostics: the station sends its log to an address (section 5.9)."""

from ocpp_server.outgoing import Conclusion, concludes
from ocpp_server.services.diagnostics import diagnostics


@concludes(diagnostics.ACTION)
def answered(conclusion: Conclusion) -> None:
    """Without a file name there is nothing to upload (rule 97)."""
    name = conclusion.result.get("fileName")
    text = name.replace("\0", "")[:255] if isinstance(name, str) else ""
    diagnostics.answered(conclusion.unit, conclusion.command, text)
