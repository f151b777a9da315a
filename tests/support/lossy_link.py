"""A cable between two hosts that loses, delays and reorders packets, in user space: not every kernel can do so itself."""
import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import threading
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
DELAY, LOST, OVERTAKEN = 0.002, 0.05, 0.05   # seconds; shares of all packets


class LossyLink:
    """An end in each of two network namespaces, both named eth0, and a thread that carries packets from one to the other."""

    def __init__(self, names):
        self.seen = self.lost = self.overtaken = 0
        self.ends = []
        for number, name in enumerate(names):
            end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            self.ends.append(end)
            device = f"tl{os.getpid()}-{number}"
            fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH22x", device.encode(), IFF_TUN | IFF_NO_PI))
            subprocess.run(["ip", "link", "set", device, "netns", name, "name", "eth0", "mtu", "9000"], check=True)
        self.wake = os.pipe()
        self.thread = threading.Thread(target=self.carry)
        self.thread.start()

    def carry(self):
        draw, waiting, number = random.Random(1), [], 0
        while True:
            now = time.monotonic()
            while waiting and waiting[0][0] <= now:
                _, _, end, packet = heapq.heappop(waiting)
                try:
                    os.write(end, packet)
                except OSError:   # down, or full: lost, as on a cable
                    pass
            ready, _, _ = select.select([*self.ends, self.wake[0]], [], [], max(0, waiting[0][0] - now) if waiting else None)
            if self.wake[0] in ready:
                return
            for side, end in enumerate(self.ends):
                for _ in range(64 * (end in ready)):
                    try:
                        packet = os.read(end, 65536)
                    except OSError:
                        break
                    self.seen, number = self.seen + 1, number + 1
                    if draw.random() < LOST:
                        self.lost += 1
                        continue
                    early = draw.random() < OVERTAKEN
                    self.overtaken += early
                    heapq.heappush(waiting, (time.monotonic() + (0 if early else DELAY), number, self.ends[1 - side], packet))

    def close(self):
        os.write(self.wake[1], b"x")
        self.thread.join()
        for end in [*self.ends, *self.wake]:
            os.close(end)
