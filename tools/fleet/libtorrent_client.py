"""A libtorrent client for the lab: TORRENT FOLDER ADDRESS; marks the end with FILE.done and seeds on."""
import sys
import time

import libtorrent

torrent, folder, address = sys.argv[1:4]
session = libtorrent.session({
    "listen_interfaces": f"{address}:6881", "enable_dht": False, "enable_lsd": False, "enable_upnp": False,
    "enable_natpmp": False, "allow_multiple_connections_per_ip": True, "alert_mask": 0, "mixed_mode_algorithm": 0,
})
info = libtorrent.torrent_info(torrent)
handle = session.add_torrent({"ti": info, "save_path": folder})
while not handle.status().is_seeding:
    time.sleep(0.05)
handle.flush_cache()
open(f"{folder}/{info.name()}.done", "w").close()
time.sleep(600)
