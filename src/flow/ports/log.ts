// The port of the structured log. In: fields and an event name; out: one line. It never throws. Only the application
// (app/log.ts) depends on a logging library.

type WriteLine = (fields: object, event: string) => void;

export interface Log {
  readonly debug: WriteLine;
  readonly info: WriteLine;
  readonly warn: WriteLine;
  readonly error: WriteLine;
}
