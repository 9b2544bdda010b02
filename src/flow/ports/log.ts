// The structured log as flow, doors and adapters see it: fields and an event name in, one line out. It never throws. The
// application opens it (app/log.ts), so no layer below depends on a logging library.

type WriteLine = (fields: object, event: string) => void;

export interface Log {
  readonly debug: WriteLine;
  readonly info: WriteLine;
  readonly warn: WriteLine;
  readonly error: WriteLine;
}
