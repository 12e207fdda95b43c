/**
 * GPT-2's way of writing any byte as one visible character, so that tokens are printable strings:
 * printable Latin-1 stands for itself, the other bytes take the code points from 256 on, in order.
 */

const standsForItself = (byte: number): boolean =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;

/** The character of each byte. */
export const byteCharacters: readonly string[] = (() => {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) =>
    String.fromCodePoint(standsForItself(byte) ? byte : next++),
  );
})();

const byteOfCharacter = new Map(byteCharacters.map((character, byte) => [character, byte]));

export function toByteCharacters(text: string): string[] {
  return Array.from(new TextEncoder().encode(text), (byte) => byteCharacters[byte]!);
}

/** Bytes that are not UTF-8 become replacement characters; what is not in the alphabet is skipped. */
export function fromByteCharacters(characters: string): string {
  const bytes = Array.from(characters, (character) => byteOfCharacter.get(character));
  const known = bytes.filter((byte) => byte !== undefined);
  return new TextDecoder().decode(new Uint8Array(known));
}
