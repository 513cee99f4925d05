"""DataTransfer: what vendors add to the standard."""

from typing import Any

from ocpp.v16.enums import DataTransferStatus

from ocpp_server.dispatch import Request, handles


@handles("DataTransfer")
def data_transfer(request: Request) -> dict[str, Any]:
    """Section 4.3. No vendor's extension is known here, which the standard answers without data."""
    return {"status": DataTransferStatus.unknown_vendor_id.value}
