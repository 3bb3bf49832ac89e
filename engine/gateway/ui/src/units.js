// Numbers as people read them, the same as the command line writes (core/human_bytes, cmd/text).

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];

/// Three significant digits in decimal units: "999 B", "1.50 kB", "12.3 MB".
export function humanBytes(bytes) {
  let value = bytes;
  let unit = 0;
  // 999.5 would be printed as 1000.
  while (value >= 999.5 && unit + 1 < units.length) {
    value /= 1000;
    ++unit;
  }
  return `${value.toFixed(unit === 0 ? 0 : decimalsOf(value))} ${units[unit]}`;
}

/// "1.20/3.00 GB": both in the unit of `total`.
export function humanFraction(done, total) {
  let scale = 1;
  let unit = 0;
  while (total / scale >= 999.5 && unit + 1 < units.length) {
    scale *= 1000;
    ++unit;
  }
  const text = (value) => value.toFixed(unit === 0 ? 0 : decimalsOf(value));
  return `${text(done / scale)}/${text(total / scale)} ${units[unit]}`;
}

const decimalsOf = (value) => (value < 9.995 ? 2 : value < 99.95 ? 1 : 0);

export const humanRate = (rate) => `${humanBytes(Math.round(rate))}/s`;

const two = (number) => String(number).padStart(2, '0');

export function humanDuration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${two(Math.floor(whole / 60) % 60)} min`;
  return `${Math.floor(whole / 86400)} d ${two(Math.floor(whole / 3600) % 24)} h`;
}

export function humanDate(unixSeconds) {
  if (!(unixSeconds > 0)) return '';
  const date = new Date(unixSeconds * 1000);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

export const humanCount = (count, noun) => `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;

export const humanPercent = (part, whole) => `${whole > 0 ? Math.floor((part / whole) * 100) : 100} %`;
