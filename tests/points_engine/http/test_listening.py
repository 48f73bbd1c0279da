"""The socket a node listens on."""

import socket

from points_engine.http.server import listening_socket
from points_engine.service_settings import ServiceSettings


def test_no_answer_waits_for_its_own_head() -> None:
    """Whatever loop accepts it, a connection sends what it has at once."""
    with listening_socket(ServiceSettings(port=0)) as listening:
        listening.listen()
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            assert 0 != accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
