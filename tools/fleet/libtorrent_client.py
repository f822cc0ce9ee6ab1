"""A libtorrent client for the lab: TORRENT FOLDER ADDRESS. Says ready, begins at a line of its input, marks the end with
FILE.done and seeds on until it is ended."""
import signal
import sys
import time

import libtorrent

torrent, folder, address = sys.argv[1:4]
session = libtorrent.session({
    "listen_interfaces": f"{address}:6881", "enable_dht": False, "enable_lsd": False, "enable_upnp": False,
    "enable_natpmp": False, "alert_mask": libtorrent.alert.category_t.storage_notification,
    # LEDBAT yields to TCP, and every machine here is its owner's own.
    "enable_incoming_utp": False, "enable_outgoing_utp": False,
    # A web seed is asked for one piece at a time: with the default, 16 MiB, everybody fetches most of a file from it.
    "urlseed_max_request_bytes": 65_536, "urlseed_pipeline_size": 1, "max_web_seed_connections": 1,
    # Short queues: what is asked of a peer now should be what is rarest now.
    "request_queue_time": 1, "send_buffer_watermark": 65_536, "unchoke_interval": 5,
})
print("ready", flush=True)
sys.stdin.readline()
info = libtorrent.torrent_info(torrent)
parameters = libtorrent.add_torrent_params()
parameters.ti, parameters.save_path = info, folder
# The queue of a desktop client would let the torrent wait.
parameters.flags &= ~(libtorrent.torrent_flags.paused | libtorrent.torrent_flags.auto_managed)
handle = session.add_torrent(parameters)
while not handle.status().is_seeding:
    time.sleep(0.02)
handle.flush_cache()
while not any(isinstance(alert, libtorrent.cache_flushed_alert) for alert in session.pop_alerts()):
    session.wait_for_alert(1000)
open(f"{folder}/{info.name()}.done", "w").close()
signal.pause()
