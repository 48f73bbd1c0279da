"""Where a camera is, and that its password is nowhere else."""

import pytest

from drivers.camera_address import CameraAddress, Place, hidden, parse_address, restored


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("0", Place.NUMBER),
        ("/dev/video0", Place.NODE),
        ("/dev/v4l/by-id/usb-046d_C270-video-index0", Place.NODE),
        ("/srv/films/film.avi", Place.FILE),
        ("film.avi", Place.FILE),
        ("rtsp://10.0.0.7/live", Place.URL),
        ("HTTP://10.0.0.7:8080/?action=stream", Place.URL),
    ],
)
def test_an_address_is_told_by_its_form(text: str, place: Place) -> None:
    """A number, a node, a file or a URL."""
    assert CameraAddress(place, text) == parse_address(text)


@pytest.mark.parametrize(
    "text", ["", "ftp://10.0.0.7/film.avi", "file:" + "///etc/passwd", "rtsp://", "a\nb"]
)
def test_what_is_no_camera_is_refused(text: str) -> None:
    """Least of all is FFmpeg asked for a protocol of its own."""
    with pytest.raises(ValueError, match="no "):
        parse_address(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("camera:0?frames=3", "camera:0?frames=3"),
        ("camera:/a@b.avi", "camera:/a@b.avi"),
        ("rtsp://10.0.0.7/live?channel=1", "rtsp://10.0.0.7/live?channel=1"),
        ("rtsp://lin:pw@10.0.0.7/live", "rtsp://***@10.0.0.7/live"),
        ("rtsp://lin@10.0.0.7", "rtsp://***@10.0.0.7"),
        ("rtsp://lin:p@w@10.0.0.7/live", "rtsp://***@10.0.0.7/live"),
        ("http://h/v.cgi?user=lin&pwd=x&ch=1#frames=3", "http://h/v.cgi?user=***&pwd=***&ch=1#frames=3"),
        ("camera:http://h/v?AccessToken=x&y=1", "camera:http://h/v?AccessToken=***&y=1"),
    ],
)
def test_secrets_are_hidden(text: str, shown: str) -> None:
    """Users, passwords and tokens of a URL; nothing else, for addresses have to be told apart."""
    assert shown == hidden(text) == hidden(hidden(text))
    assert shown in repr(CameraAddress(Place.URL, text))
    assert shown == str(CameraAddress(Place.URL, text))


FULL = "camera:rtsp://lin:pw@10.0.0.7/live?channel=1#frames=3"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("camera:rtsp://***@10.0.0.7/live?channel=1#frames=3", FULL),
        ("camera:rtsp://***@10.0.0.7/live?channel=1", FULL.partition("#")[0]),
        (
            "camera:rtsp://***@10.0.0.7/live?channel=1#region=0,0,1,0.5",
            FULL.partition("#")[0] + "#region=0,0,1,0.5",
        ),
        ("camera:rtsp://***@10.0.0.8/live?channel=1", "camera:rtsp://***@10.0.0.8/live?channel=1"),
        ("camera:rtsp://mei:pw2@10.0.0.7/live?channel=1", "camera:rtsp://mei:pw2@10.0.0.7/live?channel=1"),
        ("serial:/dev/ttyACM0", "serial:/dev/ttyACM0"),
    ],
)
def test_a_shown_path_gets_its_secrets_back(path: str, expected: str) -> None:
    """From the known one at the same address, whatever its options; a new login stays new."""
    assert expected == restored(path, ["serial:/dev/ttyACM0", FULL])
