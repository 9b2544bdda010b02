// The SQLite file that version 0.1.0 left behind. PostgreSQL: test/system/database/old-database.test.ts.
import { describeOldDatabase } from './describe-old-database.ts';
import { openOldSqlite } from './old-database.ts';

describeOldDatabase('SQLite', openOldSqlite);
