export async function printColdStarts(_target: string): Promise<void> {}
