"""Small changes to sound files: of any bytes, of JSON and YAML by their tokens, of the chunks of a format with its checksums made right again."""
import re
import struct
import zlib

EXTREMES = [0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF]
HOSTILE_TOKENS = ["NaN", "Infinity", "-Infinity", "1e999", "-1", "9223372036854775808", "-9223372036854775809", "1e400", "0x10", "010", "true",
                  "null", "[]", "{}", '""', '"\\u0000"', '"\\ud800"', '"../../x"', '"/etc/passwd"', '"' + "x" * 5000 + '"', "[" * 200 + "]" * 200,
                  "18446744073709551616", "0." + "1" * 400, "1" * 4000, "1.5", "-0", "'a'", "\ufeff1", "\x00", '"\\x"', "1,", ",", ":", '{"a":1,"a":2}']


def bytes_changed(data, random):
    """One to four changes: bits, bytes, numbers at an even place, cuts, repetitions, pieces in another place."""
    data = bytearray(data)
    for _ in range(random.randint(1, 4)):
        if not data:
            break
        at, length = random.randrange(len(data)), random.randint(1, 16)
        choice = random.randrange(9)
        if choice == 0:
            data[at] ^= 1 << random.randrange(8)
        elif choice == 1:
            data[at] = random.randrange(256)
        elif choice == 2:
            data[at:at + length] = random.choice((b"\xff", b"\0")) * len(data[at:at + length])
        elif choice == 3:
            del data[at:at + length]
        elif choice == 4:
            begin = random.randrange(len(data))
            data[at:at] = data[begin:begin + length]
        elif choice == 5:
            del data[at:]
        elif choice == 6:
            size = random.choice("HI")
            number = random.choice(EXTREMES) & (0xFFFF if size == "H" else 0xFFFFFFFF)
            piece = struct.pack(random.choice("<>") + size, number)
            data[at:at + len(piece)] = piece
        elif choice == 7:
            data[at:at] = bytes(random.randrange(256) for _ in range(length))
        else:
            begin, long = random.randrange(len(data)), random.randint(1, 64)
            data[at:at + long] = data[begin:begin + long]
    return bytes(data)


def head_changed(data, random, head=256):
    """As bytes_changed, but among the first bytes, where a format says what it is."""
    return bytes_changed(data[:head], random) + data[head:]


def text_changed(data, random):
    """A token of a JSON, YAML or CSV text in place of another, twice, gone, or followed by what does not belong there."""
    text = data.decode("utf-8", "surrogateescape")
    for _ in range(random.randint(1, 3)):
        tokens = list(re.finditer(r'"(?:[^"\\]|\\.)*"|[-\w.+]+|[\[\]{}:,\n]', text))
        if not tokens:
            break
        token, other = random.choice(tokens), random.choice(tokens)
        choice = random.randrange(6)
        new = (random.choice(HOSTILE_TOKENS), "", token[0] * 2, other[0], random.choice(HOSTILE_TOKENS) + token[0],
               token[0][:-1] + random.choice("\"'\\\n\t{}[]:,#&*!|>%@`\x01\x7f\u2028") + token[0][-1:])[choice]
        text = text[:token.start()] + new + text[token.end():]
    result = text.encode("utf-8", "surrogatepass" if "\ud800" in text else "surrogateescape")
    return re_encoded(result, random) if random.random() < 0.08 else result


def re_encoded(data, random):
    """The same text with a byte order mark, in UTF-16, with a NUL, or with bytes that are not UTF-8."""
    text = data.decode("utf-8", "replace")
    return random.choice((b"\xef\xbb\xbf" + data, text.encode("utf-16"), text.encode("utf-16-be"), text.encode("utf-32"), data + b"\0",
                          data.replace(b"a", b"\xff", 1), data.replace(b"\n", b"\r"), b"\xef\xbb\xbf" * 2 + data))


def png_chunks(data):
    at, chunks = 8, []
    while at + 12 <= len(data):
        length, = struct.unpack(">I", data[at:at + 4])
        chunks.append((data[at + 4:at + 8], data[at + 8:at + 8 + length]))
        at += 12 + length
    return chunks


def png_of(chunks):
    return b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
                                         for name, body in chunks)


def png_changed(data, random):
    """A chunk changed, twice, gone or elsewhere, with checksums that are right: what a careful fuzzer gets past the first test."""
    chunks = png_chunks(data)
    at = random.randrange(len(chunks))
    name, body = chunks[at]
    choice = random.randrange(6)
    if choice <= 1:
        chunks[at] = (name, head_changed(body, random, 32))
    elif choice == 2:
        chunks.insert(random.randrange(len(chunks)), (name, body))
    elif choice == 3:
        del chunks[at]
    elif choice == 4:
        chunks.insert(random.randrange(len(chunks)), chunks.pop(at))
    else:
        name = random.choice((b"tRNS", b"PLTE", b"gAMA", b"iCCP", b"sBIT", b"zTXt", b"iTXt", b"acTL", b"fcTL", b"fdAT", b"IDAT", b"IEND", b"XXXX", b"eXIf"))
        chunks.insert(random.randrange(len(chunks)), (name, bytes(random.randrange(256) for _ in range(random.choice((0, 1, 4, 13, 26, 300))))))
    return png_of(chunks)


def tiff_changed(data, random):
    """An entry of the first directory with another tag, type, count or value."""
    order = "<" if data[:2] == b"II" else ">"
    start, = struct.unpack(order + "I", data[4:8])
    count, = struct.unpack(order + "H", data[start:start + 2])
    changed = bytearray(data)
    for _ in range(random.randint(1, 3)):
        entry = start + 2 + 12 * random.randrange(count)
        tag, kind, number, value = struct.unpack(order + "HHII", data[entry:entry + 12])
        choice = random.randrange(5)
        if choice == 0:
            tag = random.choice((256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 292, 317, 320, 322, 323, 324, 325, 330, 332, 338, 339,
                                 347, 513, 514, 530, 531, 700, 34675, 65535))
        elif choice == 1:
            kind = random.choice((0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 16, 255, 65535))
        elif choice == 2:
            number = random.choice(EXTREMES)
        else:
            value = random.choice(EXTREMES + [3, 4, 5, 6, 7, 8, 16, 24, 32, 64, 32773, 32946, 34925, len(data)])
        changed[entry:entry + 12] = struct.pack(order + "HHII", tag, kind, number, value)
    return bytes(changed)


def jpeg_changed(data, random):
    """A segment changed within, with another length, twice, or gone."""
    at, segments = 2, []
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        length, = struct.unpack(">H", data[at + 2:at + 4])
        segments.append(data[at:at + 2 + length])
        at += 2 + length
    rest = data[at:]
    if not segments:
        return bytes_changed(data, random)
    place = random.randrange(len(segments))
    segment = segments[place]
    choice = random.randrange(6)
    if choice <= 1 and len(segment) > 4:
        segments[place] = segment[:4] + head_changed(segment[4:], random, 24)
    elif choice == 2:
        segments[place] = segment[:2] + struct.pack(">H", random.choice(EXTREMES) & 0xFFFF) + segment[4:]
    elif choice == 3:
        segments.insert(random.randrange(len(segments)), segment)
    elif choice == 4:
        del segments[place]
    else:
        rest = head_changed(rest, random, 400)
    return data[:2] + b"".join(segments) + rest


def riff_changed(data, random):
    """WebP: a chunk changed, twice or gone, with the lengths made right again."""
    at, chunks = 12, []
    while at + 8 <= len(data):
        length, = struct.unpack("<I", data[at + 4:at + 8])
        chunks.append((data[at:at + 4], data[at + 8:at + 8 + length]))
        at += 8 + length + length % 2
    if not chunks:
        return bytes_changed(data, random)
    place = random.randrange(len(chunks))
    choice = random.randrange(4)
    if choice <= 1:
        chunks[place] = (chunks[place][0], head_changed(chunks[place][1], random, 32))
    elif choice == 2:
        chunks.insert(random.randrange(len(chunks)), chunks[place])
    else:
        del chunks[place]
    body = b"".join(name + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2) for name, part in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
