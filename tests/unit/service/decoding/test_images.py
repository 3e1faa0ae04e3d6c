import base64
import io
import random
import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from models.errors import InputError
from models.preprocessing.instances import Feature, InstanceSpec
from service.decoding.images import decode_image, parse_instances_with_images

GREY = InstanceSpec((4, 6))
FLAT = InstanceSpec((24,), model_shape=(4, 6, 1))
COLOUR = InstanceSpec((4, 6, 3))
RAMP = np.arange(24, dtype=np.uint8).reshape(4, 6) * 10
COLOURS = np.stack([RAMP, 255 - RAMP, RAMP // 2], axis=-1)


def image_file(pixels, kind="PNG", **options):
    file = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(file, kind, **options)
    return file.getvalue()


def png_of_size(width, height):
    """A PNG that promises so many pixels and holds almost nothing."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


@pytest.mark.parametrize(("spec", "shape"), [(GREY, (4, 6)), (FLAT, (24,)), (InstanceSpec((4, 6, 1)), (4, 6, 1))])
def test_the_pixels_of_a_png_are_the_instance(spec, shape):
    """0 to 255, in the shape of the raw data."""
    instance = decode_image(image_file(RAMP), spec, where="body")
    assert instance.dtype == np.float32
    assert instance.shape == shape
    np.testing.assert_array_equal(instance.reshape(4, 6), RAMP)


def test_the_pixels_of_a_colour_png_are_the_instance():
    """Red, green, blue last."""
    np.testing.assert_array_equal(decode_image(image_file(COLOURS), COLOUR, where="body"), COLOURS)


def test_a_jpeg_is_decoded_as_pillow_does():
    """Lossy, so it is compared with the decoder itself."""
    content = image_file(COLOURS, "JPEG", quality=95)
    expected = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    np.testing.assert_array_equal(decode_image(content, COLOUR, where="body"), expected)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("spec", [GREY, COLOUR])
def test_every_eight_bit_mode_becomes_what_the_model_takes(mode, spec):
    """Grey from colour, colour from grey, without the alpha channel."""
    content = image_file(Image.fromarray(COLOURS).convert(mode))
    assert decode_image(content, spec, where="body").shape == spec.shape


def test_a_palette_with_transparency_is_looked_up():
    """Transparency says nothing about the pixels."""
    palette = Image.fromarray(RAMP).convert("P")
    content = image_file(palette, transparency=bytes(range(256)))
    np.testing.assert_array_equal(decode_image(content, GREY, where="body"), RAMP)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"body: expected a PNG, JPEG, WebP, BMP or GIF; received content that starts b''"),
        (b"GIF89a", r"body: expected a whole PNG, JPEG, WebP, BMP or GIF"),
        (image_file(RAMP, "BMP")[:-30], r"body: expected a whole PNG, JPEG, WebP, BMP or GIF"),
        (image_file(RAMP, "WEBP")[:-30], r"body: expected a whole PNG, JPEG, WebP, BMP or GIF"),
        (image_file(RAMP, "GIF")[:-30], r"body: expected a whole PNG, JPEG, WebP, BMP or GIF"),
        (b"RIFF\x04\0\0\0WAVE", r"body: expected a whole PNG, JPEG, WebP, BMP or GIF"),
        (b"no picture at all", r"body: expected a PNG, .* or GIF; received content that starts b'no pictu'"),
        (image_file(RAMP, "TIFF"), r"body: expected a PNG, JPEG, WebP, BMP or GIF"),
        (image_file(RAMP.T.copy()), r"body: expected an image 6 wide and 4 high; received 4 wide and 6 high"),
        (png_of_size(50_000, 50_000), r"received 50000 wide and 50000 high"),
        (png_of_size(2**31 - 1, 2**31 - 1), r"received 2147483647 wide"),
        (image_file(RAMP.astype(np.uint16) * 256), r"expected 8 bits a channel, grey or RGB; received mode I;16"),
        (image_file(RAMP)[:-30], r"body: expected a whole PNG, JPEG, WebP, BMP or GIF"),
        (image_file(RAMP)[:20], r"body: expected a whole PNG, JPEG, WebP, BMP or GIF"),
        (image_file(COLOURS, "JPEG")[:100], r"body: expected a whole PNG, JPEG, WebP, BMP or GIF"),
        (b"\xff\xd8\xff", r"body: expected a whole PNG, JPEG, WebP, BMP or GIF"),
        (b"\x89PNG\r\n\x1a\n", r"body: expected a whole PNG, JPEG, WebP, BMP or GIF"),
        (image_file(Image.fromarray(np.zeros((4, 6, 4), np.uint8), "CMYK"), "JPEG"), r"received mode CMYK"),
    ],
)
def test_what_is_no_image_for_the_model_is_refused(content, message):
    """Other formats, other sizes (bombs among them), other depths, damaged files."""
    with pytest.raises(InputError, match=message):
        decode_image(content, GREY, where="body")


@pytest.mark.parametrize(
    "spec",
    [InstanceSpec((8,)), InstanceSpec((2, 3, 4)), InstanceSpec((2,), features=(Feature("a"), Feature("b")))],
)
def test_a_model_that_takes_no_images_says_so(spec):
    """With the shape that it takes."""
    with pytest.raises(InputError, match=r"body: expected shape .*; received an image, which this model does not take"):
        decode_image(image_file(RAMP), spec, where="body")


def test_two_thousand_damaged_images_give_pixels_or_an_input_error():
    """Bytes changed, removed and repeated; nothing else ever comes out."""
    chance = random.Random(7)
    files = [image_file(RAMP), image_file(COLOURS), image_file(COLOURS, "JPEG"),
             image_file(Image.fromarray(COLOURS).convert("P")), image_file(RAMP, "JPEG", progressive=True),
             *(image_file(COLOURS, kind) for kind in ("WEBP", "BMP", "GIF"))]  # fmt: skip
    for _ in range(2_000):
        content = bytearray(chance.choice(files))
        for _ in range(chance.randint(1, 4)):
            position = chance.randrange(len(content))
            content[position : position + chance.randint(0, 2)] = chance.randbytes(chance.randint(0, 3))
        with suppress(InputError):
            decode_image(bytes(content), GREY, where="body")


def b64(content):
    return {"b64": base64.b64encode(content).decode()}


def test_instances_may_be_images_in_base64_beside_numbers():
    """Each in its place."""
    batch = parse_instances_with_images([b64(image_file(RAMP)), RAMP.tolist(), RAMP.reshape(-1).tolist()], GREY)
    assert batch.shape == (3, 4, 6)
    np.testing.assert_array_equal(batch, np.stack([RAMP] * 3))


def test_instances_without_images_are_parsed_as_ever():
    """Tables too, whatever their columns are called."""
    table = InstanceSpec((1,), features=(Feature("b64"),))
    assert parse_instances_with_images([{"b64": 1.5}], table).tolist() == [[1.5]]
    assert parse_instances_with_images([[1, 2]], InstanceSpec((2,))).tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("instances", "message"),
    [
        ([RAMP.tolist(), {"b64": 7}], r"instances\[1\].b64: expected base64 as text; received 7"),
        ([{"b64": "AAA*"}], r"instances\[0\].b64: expected base64; received 'AAA\*'"),
        ([{"b64": "ä"}], r"instances\[0\].b64: expected base64"),
        ([b64(b"GIF89a")], r"instances\[0\]: expected a whole PNG, JPEG, WebP, BMP or GIF"),
        ([b64(image_file(RAMP)), [[1]]], r"instances\[1\]: expected shape \[4, 6\].*received shape \[1, 1\]"),
        ([b64(image_file(RAMP)), [["a"]]], r"instances\[1\]: .*received 'a'"),
        ([b64(image_file(RAMP)), 7], r"instances\[1\]: "),
        ([], r"instances: expected a list of at least one instance"),
        ({"b64": ""}, r"instances: expected a list"),
    ],
)
def test_an_image_in_base64_that_does_not_fit_is_refused_by_index(instances, message):
    """The error names the instance."""
    with pytest.raises(InputError, match=message):
        parse_instances_with_images(instances, GREY)
