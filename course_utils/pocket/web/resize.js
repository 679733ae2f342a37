// Shrink a picture to a square as the course does in Python: cv2.resize with INTER_AREA, or INTER_LINEAR where the
// picture is smaller than the square in a direction. A canvas would do it too, but each browser in its own way.

// Read some rows of a picture at a time: a photo of 50 million pixels needs 200 MB as a whole. A multiple of 8.
const ROWS_AT_A_TIME = 64;
// A large JPEG is decoded at an eighth, a quarter or a half of its size in Python, which averages whole pixels first.
const REDUCTIONS = [8, 4, 2];

/**
 * Say by how much Python reduces a JPEG in decoding it.
 * @param {number} width Its width in pixels.
 * @param {number} height Its height in pixels.
 * @param {number} size Height and width of the result.
 * @returns {number} 8, 4, 2 or 1.
 */
export function reduction(width, height, size) {
  return REDUCTIONS.find((factor) => Math.min(width, height) >= factor * size) ?? 1;
}

/**
 * Resize a picture.
 * @param {CanvasImageSource} picture What a canvas can draw, upright.
 * @param {number} width Its width in pixels.
 * @param {number} height Its height in pixels.
 * @param {number} size Height and width of the result.
 * @param {number} factor Average squares of so many pixels first, as Python does in decoding; 1 for none.
 * @returns {Uint8ClampedArray} RGB, size x size x 3; transparent places are white.
 */
export function resized(picture, width, height, size, factor) {
  if (Math.min(width, height) < size) return interpolated(picture, width, height, size);
  return shrunk(picture, width, height, size, factor);
}

function rowsOf(picture, width, top, count) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = count;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white";
  context.fillRect(0, 0, width, count);
  context.drawImage(picture, 0, top, width, count, 0, 0, width, count);
  return context.getImageData(0, 0, width, count).data;
}

// Average squares of factor x factor pixels; at the right and lower edge, of what there is.
function averaged(pixels, width, count, factor) {
  if (factor === 1) return pixels;
  const across = Math.ceil(width / factor);
  const result = new Uint8ClampedArray(across * Math.ceil(count / factor) * 4);
  for (let top = 0, at = 0; top < count; top += factor) {
    for (let left = 0; left < width; left += factor, at += 4) {
      const sums = [0, 0, 0];
      const [bottom, right] = [Math.min(top + factor, count), Math.min(left + factor, width)];
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          for (let colour = 0; colour < 3; colour++) sums[colour] += pixels[(y * width + x) * 4 + colour];
        }
      }
      const number = (bottom - top) * (right - left);
      for (let colour = 0; colour < 3; colour++) result[at + colour] = sums[colour] / number;
    }
  }
  return result;
}

// In 32-bit floats, as OpenCV counts: where a sum is half-way between two whole numbers, its last bit decides.
const { fround } = Math;

// For each pixel of the source: the places of the result that it lies in (one or two), and with which share.
function shares(source, size) {
  const scale = source / size;
  return Array.from({ length: source }, (_, at) => {
    const first = Math.min(Math.floor(at / scale), size - 1);
    const border = (first + 1) * scale;
    const inFirst = Math.min(border, at + 1) - at;
    return { first, inFirst: fround(inFirst / scale), inNext: first + 1 < size ? fround((1 - inFirst) / scale) : 0 };
  });
}

function shrunk(picture, width, height, size, factor) {
  const columns = Math.ceil(width / factor);
  const across = shares(columns, size);
  const down = shares(Math.ceil(height / factor), size);
  const sums = new Float32Array(size * size * 3);
  const row = new Float32Array(size * 3);
  for (let top = 0; top < height; top += ROWS_AT_A_TIME) {
    const count = Math.min(ROWS_AT_A_TIME, height - top);
    const pixels = averaged(rowsOf(picture, width, top, count), width, count, factor);
    for (let y = 0, at = 0; at < pixels.length; y++) {
      row.fill(0);
      for (let x = 0; x < columns; x++, at += 4) {
        const { first, inFirst, inNext } = across[x];
        for (let colour = 0; colour < 3; colour++) {
          row[first * 3 + colour] += fround(inFirst * pixels[at + colour]);
          if (inNext > 0) row[first * 3 + 3 + colour] += fround(inNext * pixels[at + colour]);
        }
      }
      const { first, inFirst, inNext } = down[top / factor + y];
      const into = first * size * 3;
      for (let i = 0; i < row.length; i++) {
        sums[into + i] += fround(inFirst * row[i]);
        if (inNext > 0) sums[into + row.length + i] += fround(inNext * row[i]);
      }
    }
  }
  return Uint8ClampedArray.from(sums);
}

// For each place of the result: its two neighbours in the source, and the share of the second in 2048ths, since here
// OpenCV counts in whole numbers.
function neighbours(source, size) {
  return Array.from({ length: size }, (_, at) => {
    const middle = Math.min(Math.max(((at + 0.5) * source) / size - 0.5, 0), source - 1);
    const first = Math.floor(middle);
    return { first, second: Math.min(first + 1, source - 1), share: Math.round(2048 * (middle - first)) };
  });
}

function interpolated(picture, width, height, size) {
  const across = neighbours(width, size);
  const down = neighbours(height, size);
  const strips = new Map();
  const rowAt = (y) => {
    if (!strips.has(y)) strips.set(y, rowsOf(picture, width, y, 1));
    return strips.get(y);
  };
  const result = new Uint8ClampedArray(size * size * 3);
  let at = 0;
  for (const { first: upper, second: lower, share: below } of down) {
    const [above, under] = [rowAt(upper), rowAt(lower)];
    for (const { first: left, second: right, share: beside } of across) {
      for (let colour = 0; colour < 3; colour++) {
        const mixed = (pixels) =>
          ((2048 - beside) * pixels[left * 4 + colour] + beside * pixels[right * 4 + colour]) >> 4;
        result[at++] = ((((2048 - below) * mixed(above)) >> 16) + ((below * mixed(under)) >> 16) + 2) >> 2;
      }
    }
  }
  return result;
}
