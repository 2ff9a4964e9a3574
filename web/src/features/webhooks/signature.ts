/** The bytes of a secret of Standard Webhooks: `whsec_` and base64. */
function keyOf(secret: string): Uint8Array<ArrayBuffer> {
  const text = atob(secret.trim().replace(/^whsec_/, ''));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** Whether a message was signed by a secret, as Standard Webhooks says. Nothing leaves the browser for it. */
export async function isSigned(secret: string, headers: Record<string, string>, body: string): Promise<boolean> {
  const find = (name: string) => Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1] ?? '';
  try {
    const key = await crypto.subtle.importKey('raw', keyOf(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    const signed = new TextEncoder().encode(`${find('webhook-id')}.${find('webhook-timestamp')}.${body}`);
    const mac = btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.sign('HMAC', key, signed))));
    return find('webhook-signature').split(' ').includes(`v1,${mac}`);
  } catch {
    return false;
  }
}
