let context: AudioContext | undefined;

/** Browsers play nothing in a page that nobody has touched yet. */
export function canBeep(): boolean {
  return navigator.userActivation?.hasBeenActive ?? true;
}

/** Two short tones. */
export async function beep(): Promise<void> {
  context ??= new AudioContext();
  await context.resume();
  const from = context.currentTime;
  tone(context, 660, from);
  tone(context, 880, from + 0.12);
}

function tone(audio: AudioContext, hertz: number, at: number): void {
  const source = audio.createOscillator();
  const volume = audio.createGain();
  source.frequency.value = hertz;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(0.12, at + 0.01);
  volume.gain.exponentialRampToValueAtTime(0.001, at + 0.2);
  source.connect(volume).connect(audio.destination);
  source.start(at);
  source.stop(at + 0.22);
}
