// The port of the structured log: fields and an event name in, one line out. It never throws. Only the application
// (app/log.ts) depends on a logging library.

type WriteLine = (fields: object, event: string) => void;

export interface Log {
  readonly debug: WriteLine;
  readonly info: WriteLine;
  readonly warn: WriteLine;
  readonly error: WriteLine;
}
