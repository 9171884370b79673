-- The registry as schema 1 made it, with one item; written once, never to be changed.
PRAGMA application_id = 1400139634;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE registry_attributes (
	item_id INTEGER NOT NULL, 
	part SMALLINT NOT NULL, 
	space TEXT NOT NULL, 
	name TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	value TEXT NOT NULL, 
	short TEXT NOT NULL, 
	number DOUBLE, 
	PRIMARY KEY (item_id, part, space, name)
)
 WITHOUT ROWID

;
INSERT INTO "registry_attributes" VALUES(1,0,'','n','int','5','5',5.0);
INSERT INTO "registry_attributes" VALUES(1,0,'s','t','str','x','x',NULL);
INSERT INTO "registry_attributes" VALUES(1,1,'','p','int','1','1',1.0);
CREATE TABLE registry_heads (
	"key" TEXT NOT NULL, 
	last_version INTEGER NOT NULL, 
	PRIMARY KEY ("key")
)
 WITHOUT ROWID

;
INSERT INTO "registry_heads" VALUES('e9aa1b7c098aba25ac06507f5660fc63d87a0516e22c261a4883daa27cc51628',1);
CREATE TABLE registry_items (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	"key" TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	status SMALLINT NOT NULL, 
	"before" SMALLINT, 
	published BOOLEAN NOT NULL, 
	pinned BOOLEAN NOT NULL, 
	uri TEXT NOT NULL, 
	params TEXT NOT NULL, 
	filename TEXT NOT NULL, 
	ext TEXT NOT NULL, 
	label TEXT, 
	created BIGINT NOT NULL, 
	size BIGINT, 
	digest TEXT, 
	holder TEXT, 
	CONSTRAINT registry_items_versions UNIQUE ("key", version), 
	CONSTRAINT registry_items_statuses CHECK (status between -2 and 3)
);
INSERT INTO "registry_items" VALUES(1,'e9aa1b7c098aba25ac06507f5660fc63d87a0516e22c261a4883daa27cc51628',1,3,NULL,0,0,'first','[["p",["int","1"]]]','first','',NULL,1795787569360654,NULL,NULL,NULL);
CREATE TABLE registry_meta (
	name TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE registry_uses (
	item_id INTEGER NOT NULL, 
	last_read BIGINT, 
	reads INTEGER NOT NULL, 
	last_search BIGINT, 
	searches INTEGER NOT NULL, 
	PRIMARY KEY (item_id)
);
CREATE INDEX registry_items_digests ON registry_items (digest);
CREATE INDEX registry_items_writing ON registry_items ("key") WHERE status = 1;
CREATE INDEX registry_items_uris ON registry_items (uri);
CREATE INDEX registry_attributes_numbers ON registry_attributes (name, space, part, number) WHERE number IS NOT NULL;
CREATE INDEX registry_attributes_texts ON registry_attributes (name, space, part, short) WHERE number IS NULL;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('registry_items',1);
COMMIT;
