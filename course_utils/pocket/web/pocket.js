// The page: takes a photo, shows what the networks see of it, and what they say. Nothing is sent anywhere.

import { loadLiteRt, loadAndCompile, Tensor } from "@litertjs/core";
import { reduction, resized } from "./resize.js";

const SIZE = 150;
// A phone's browser runs out of memory above this.
const MOST_PIXELS = 60_000_000;

const byId = (id) => document.getElementById(id);
let description;
let networks = [];

/** A problem that is told to whoever uses the page. */
class Problem extends Error {}

function tell(text, isProblem = false) {
  byId("message").textContent = text;
  byId("message").classList.toggle("problem", isProblem);
}

async function start() {
  description = await (await fetch("pocket.json")).json();
  byId("about").textContent = description.about;
  byId("refusal").textContent =
    `Below ${percent(description.sure_from)} a network says that it is not sure. ` +
    "It knows cats and dogs only: of anything else it will often be sure, and wrong.";
  // LiteRT tells its own developers of each step, and would tell it as errors.
  window.Module = { printErr: (line) => (/^(INFO|WARNING)/.test(line) ? console.debug(line) : console.error(line)) };
  await loadLiteRt("litert/");
  for (const model of description.models) {
    networks.push({ ...model, compiled: await loadAndCompile(model.file, { accelerator: "wasm" }) });
  }
  byId("answers").replaceChildren(...networks.map((network) => cardOf(network)));
  byId("samples").querySelector("ul").replaceChildren(...description.samples.map(sampleButton));
  byId("samples").hidden = description.samples.length === 0;
  // A live picture is allowed only on https and on this very computer; the other buttons need neither.
  byId("live").hidden = !(window.isSecureContext && navigator.mediaDevices?.getUserMedia);
  for (const input of [byId("file"), byId("camera")]) input.disabled = false;
  tell("Ready: choose a photo.");
  document.body.dataset.state = "ready";
}

// ---- from a file to 150 x 150 pixels

// Gives what a canvas can draw, its size, and by how much it is still to be averaged before it is resized.
async function opened(file) {
  if (file.size === 0) throw new Problem(`${file.name} is empty (0 bytes). Choose another photo.`);
  const size = await pictureSize(file);
  if (size.width * size.height > MOST_PIXELS) {
    throw new Problem(
      `${file.name} has ${size.width} x ${size.height} pixels, more than a browser can hold. Choose a smaller photo.`,
    );
  }
  const factor = (await isJpeg(file)) ? reduction(size.width, size.height, SIZE) : 1;
  const smaller = factor > 1 ? await decodedSmaller(file, size, factor) : null;
  if (smaller) return { picture: smaller, width: smaller.displayWidth, height: smaller.displayHeight, factor: 1 };
  try {
    // As in Python: turned as the camera noted, colours as they are stored.
    const how = { imageOrientation: "from-image", colorSpaceConversion: "none" };
    return { picture: await createImageBitmap(file, how), ...size, factor };
  } catch {
    throw new Problem(`${file.name} is damaged. Choose another photo.`);
  }
}

// Chromium reduces a JPEG in decoding as Python does, to the last bit; only pages from https or this computer may ask
// for it. Elsewhere, and where it does not come in that size, null: averaging comes close.
async function decodedSmaller(file, { width, height }, factor) {
  if (!window.ImageDecoder) return null;
  const [desiredWidth, desiredHeight] = [Math.ceil(width / factor), Math.ceil(height / factor)];
  const wanted = { type: "image/jpeg", colorSpaceConversion: "none", desiredWidth, desiredHeight };
  try {
    const decoder = new ImageDecoder({ data: await file.arrayBuffer(), ...wanted });
    const { image } = await decoder.decode();
    decoder.close();
    if (image.displayWidth === desiredWidth && image.displayHeight === desiredHeight) return image;
    image.close();
  } catch {
    // Whether the file is damaged is for the other way to say.
  }
  return null;
}

// Without decoding the pixels, which a huge picture would take the memory for.
async function pictureSize(file) {
  const address = URL.createObjectURL(file);
  try {
    const image = new Image();
    await new Promise((resolve, reject) => {
      image.onload = resolve;
      image.onerror = reject;
      image.src = address;
    });
    return { width: image.naturalWidth, height: image.naturalHeight };
  } catch {
    throw new Problem(await whyNotOpened(file));
  } finally {
    URL.revokeObjectURL(address);
  }
}

// By its first bytes, as Python sees it: a file's name may say something else.
async function isJpeg(file) {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  return first === 0xff && second === 0xd8;
}

async function whyNotOpened(file) {
  const opening = new TextDecoder("latin1").decode(await file.slice(4, 12).arrayBuffer());
  if (/^ftyp(heic|heix|hevc|heim|heis|mif1|msf1)/.test(opening)) {
    return `${file.name} is a HEIC photo, which this browser cannot open. Save it as JPEG, or use Safari.`;
  }
  return `${file.name} is no photo that this browser can open. Choose a JPEG or PNG file.`;
}

// ---- from pixels to answers

function tempered(probabilities, temperature) {
  const scores = Array.from(probabilities, (p) => Math.log(Math.min(Math.max(p, 1e-12), 1)) / temperature);
  const highest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - highest));
  const sum = powers.reduce((total, power) => total + power);
  return powers.map((power) => power / sum);
}

async function answerOf(network, pixels) {
  const input = new Tensor(Float32Array.from(pixels), [1, SIZE, SIZE, 3]);
  const began = performance.now();
  const [output] = await network.compiled.run([input]);
  const given = Array.from(output.toTypedArray());
  const milliseconds = performance.now() - began;
  input.delete();
  output.delete();
  return { given, calibrated: tempered(given, network.temperature), milliseconds };
}

async function classify({ picture, width, height, factor }) {
  const pixels = resized(picture, width, height, SIZE, factor);
  showInput(pixels);
  for (const network of networks) showAnswer(network, await answerOf(network, pixels));
  tell("Done. Choose another photo to go on.");
}

async function take(file) {
  if (document.body.dataset.state !== "ready") return;
  document.body.dataset.state = "busy";
  tell("Looking ...");
  try {
    const photo = await opened(file);
    await classify(photo);
    photo.picture.close();
  } catch (problem) {
    const text = problem instanceof Problem ? problem.message : `${file.name} could not be used (${problem.message}).`;
    tell(text, true);
  }
  document.body.dataset.state = "ready";
}

// ---- what is shown

const percent = (share) => `${Math.round(100 * share)} %`;

// A network that is not quite certain must not read as if it were.
const confidence = (share) => (share > 0.995 && share < 1 ? "over 99 %" : percent(share));

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function cardOf(network) {
  const answer = element("p", "answer", "Waiting for a photo");
  const rows = description.classes.map((name) => {
    const fill = element("div", `fill ${name}`);
    fill.style.width = "0";
    const value = element("output", "", "");
    return { fill, value, row: element("div", "row", element("span", "", name), element("div", "track", fill), value) };
  });
  const time = element("p", "note", network.note);
  network.card = element("article", "card", element("h3", "", network.name), answer, ...rows.map((r) => r.row), time);
  network.parts = { answer, rows, time };
  return network.card;
}

function showAnswer(network, { given, calibrated, milliseconds }) {
  const { answer, rows, time } = network.parts;
  const best = calibrated.indexOf(Math.max(...calibrated));
  const sure = calibrated[best];
  answer.textContent =
    sure < description.sure_from
      ? `I am not sure (${description.classes[best]}?)`
      : `${description.classes[best]}, ${confidence(sure)} sure`;
  rows.forEach(({ fill, value }, at) => {
    fill.style.width = `${100 * calibrated[at]}%`;
    value.textContent = percent(calibrated[at]);
  });
  time.textContent = `${network.note} ${Math.round(milliseconds)} ms on this device.`;
  network.card.dataset.given = JSON.stringify(given);
  network.card.dataset.answer = sure < description.sure_from ? "not sure" : description.classes[best];
}

function showInput(pixels) {
  const context = byId("input").getContext("2d");
  const image = context.createImageData(SIZE, SIZE);
  for (let at = 0; at < SIZE * SIZE; at++) {
    image.data.set(pixels.subarray(3 * at, 3 * at + 3), 4 * at);
    image.data[4 * at + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  byId("seen").hidden = false;
}

function sampleButton(sample) {
  const image = element("img");
  image.src = sample.file;
  image.alt = sample.name;
  const button = element("button", "", image);
  button.type = "button";
  button.title = sample.name;
  button.addEventListener("click", async () => {
    take(new File([await (await fetch(sample.file)).blob()], sample.name));
  });
  return element("li", "", button);
}

// ---- where photos come from

for (const input of [byId("file"), byId("camera")]) {
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (file) await take(file);
    input.value = ""; // or the same photo could not be chosen again
  });
}

document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
document.addEventListener("dragleave", () => document.body.classList.remove("dropping"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  const [file] = event.dataTransfer.files;
  if (file) take(file);
  else tell("That was no file. Drop a photo from your computer.", true);
});

const video = byId("video");

function closeCamera() {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
  byId("live-view").hidden = true;
}

byId("live").addEventListener("click", async () => {
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    byId("live-view").hidden = false;
  } catch {
    tell("The camera cannot be used: there is none, or it was not allowed. Choose a photo instead.", true);
  }
});
byId("snap").addEventListener("click", async () => {
  await classify({ picture: video, width: video.videoWidth, height: video.videoHeight, factor: 1 });
});
byId("stop").addEventListener("click", closeCamera);

start().catch((problem) => tell(`The networks could not be loaded (${problem.message}). Reload the page.`, true));
