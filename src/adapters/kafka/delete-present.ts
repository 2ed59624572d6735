/** How one client lists topics and deletes them. */
export interface TopicCalls {
  list(): Promise<readonly string[]>;
  remove(names: readonly string[]): Promise<void>;
}

/**
 * Deletes those of `names` that are there. Clients repeat a request whose answer was lost or named another controller, and the
 * repeat is refused for what the first one deleted: what is gone afterwards was deleted.
 */
export async function deletePresent(names: readonly string[], { list, remove }: TopicCalls): Promise<void> {
  const present = async (): Promise<string[]> => {
    const existing = new Set(await list());
    return names.filter((name) => existing.has(name));
  };
  const found = await present();
  if (found.length === 0) return;
  try {
    await remove(found);
  } catch (error) {
    if ((await present()).length > 0) throw error;
  }
}
