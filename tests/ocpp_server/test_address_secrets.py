"""What opens an address is not written down."""

import pytest

from ocpp_server import address_secrets

TOKEN = "abcDEF-_" * 4


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("ftp://anna:secret@yard.example/x", "ftp://anna:********@yard.example/x"),
        (f'{{"location": "http://yard/files/{TOKEN}/fw.bin"}}', '{"location": "http://yard/files/********/fw.bin"}'),
        (f"https://yard/sub/files/{TOKEN}/", "https://yard/sub/files/********/"),
        ("http://yard/files/firmware.bin", "http://yard/files/firmware.bin"),
        (
            'see {"location": "https://s3/fw.bin?v=2&X-Amz-Signature=ab12&X-Amz-Date=2026"}',
            'see {"location": "https://s3/fw.bin?v=2&X-Amz-Signature=********&X-Amz-Date=2026"}',
        ),
        ("https://blob/fw.bin?sv=1&sig=a%2Fb#x", "https://blob/fw.bin?sv=1&sig=********#x"),
        ("http://yard/fw.bin?access_token=abc then", "http://yard/fw.bin?access_token=******** then"),
        ("http://yard/fw.bin?model=key&monkey=1", "http://yard/fw.bin?model=key&monkey=1"),
        (f"a note on /files/{TOKEN}", f"a note on /files/{TOKEN}"),
    ],
)
def test_only_what_opens_something_is_replaced(text, kept):
    assert address_secrets.hide(text) == kept
