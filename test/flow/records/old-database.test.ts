// The SQLite database of version 0.1.0. For PostgreSQL see test/system/database/old-database.test.ts.
import { describeOldDatabase } from './describe-old-database.ts';
import { openOldSqlite } from './old-database.ts';

describeOldDatabase('SQLite', openOldSqlite);
