/**
 * Loaded before the server (`NODE_OPTIONS=--import=...`, which reaches its threads too): moves and quickens the clock that
 * the server sees, so that minutes close, hours roll up and days fold while it is killed again and again.
 */
const startMs = Number(process.env.CRASH_CLOCK_START_MS);
const beganMs = Number(process.env.CRASH_CLOCK_BEGAN_MS);
const rate = Number(process.env.CRASH_CLOCK_RATE);
const realNow = Date.now;

if (Number.isFinite(startMs + beganMs + rate)) Date.now = () => Math.floor(startMs + (realNow() - beganMs) * rate);
