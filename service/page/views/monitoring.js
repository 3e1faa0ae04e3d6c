// What monitoring says of a model's traffic; nothing where the service has none.
export function Monitoring() {
  return null;
}
