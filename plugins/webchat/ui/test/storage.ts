/** A Storage in memory, whose keys are its own properties as a browser's are. */
export function fakeStorage(initial: Record<string, string> = {}): Storage {
  const storage = Object.create({
    getItem: (key: string) => storage[key] ?? null,
    setItem: (key: string, value: string) => void (storage[key] = String(value)),
    removeItem: (key: string) => void delete storage[key],
  }) as Storage;
  return Object.assign(storage, initial);
}

/** What a browser gives where storage is forbidden. */
export const blockedStorage = (): Storage => {
  throw new DOMException("denied", "SecurityError");
};

export function fullStorage(initial: Record<string, string> = {}): Storage {
  const storage = fakeStorage(initial);
  Object.getPrototypeOf(storage).setItem = () => {
    throw new DOMException("full", "QuotaExceededError");
  };
  return storage;
}
