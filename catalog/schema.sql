-- The catalog as it is today (catalog.migrations brings older ones to it). Features hang on the content
-- (the digest of the bytes), not on the path: a moved, renamed or copied file costs nothing. Paths are bytes, relative to their root.

CREATE TABLE root (
  id INTEGER PRIMARY KEY,
  path BLOB NOT NULL UNIQUE,               -- absolute, as given by os.fsencode(os.path.realpath(...))
  role TEXT NOT NULL DEFAULT 'normal' CHECK (role IN ('normal', 'reference', 'excluded')),
  added_at REAL NOT NULL,                  -- seconds since the epoch
  scanned_at REAL                          -- NULL until a scan of it has ended
) STRICT;

CREATE TABLE content (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,             -- BLAKE3-256 of the file's bytes
  size INTEGER NOT NULL,
  error TEXT,                              -- NULL: decoded; else the reason why not, one line
  extractor TEXT NOT NULL DEFAULT '',      -- ExtractSpec.key() that made the features below
  format TEXT,                             -- 'JPEG', 'PNG', ... by content
  width INTEGER, height INTEGER,           -- upright, in pixels
  pixel_digest BLOB,                       -- BLAKE3-256 of the reduced upright RGB pixels
  captured_at TEXT,                        -- EXIF DateTimeOriginal as 'YYYY-MM-DD HH:MM:SS'
  camera TEXT,                             -- EXIF make and model
  exif_count INTEGER NOT NULL DEFAULT 0,   -- EXIF tags present: how complete the metadata is
  lossless INTEGER NOT NULL DEFAULT 0 CHECK (lossless IN (0, 1)),
  quality INTEGER,                         -- estimated JPEG quality 1..100, NULL for other formats
  full_pixel_digest BLOB,                  -- BLAKE3-256 of all upright RGB pixels; taken on demand
  contrast REAL,                           -- standard deviation of the reduced grey picture, 0..127.5
  frames INTEGER NOT NULL DEFAULT 1,
  gps TEXT                                 -- EXIF position in degrees, '47.37690, 8.54170' (north, east)
) STRICT;
CREATE INDEX content_pixel_digest ON content (pixel_digest) WHERE pixel_digest IS NOT NULL;

CREATE TABLE file (
  id INTEGER PRIMARY KEY,
  root_id INTEGER NOT NULL REFERENCES root (id) ON DELETE CASCADE,
  path BLOB NOT NULL,
  size INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  device INTEGER NOT NULL,
  inode INTEGER NOT NULL,
  content_id INTEGER REFERENCES content (id),  -- NULL until indexed, or where the file can't be read
  present INTEGER NOT NULL DEFAULT 1 CHECK (present IN (0, 1)),
  error TEXT,                              -- why the file itself can't be read (permissions, gone, I/O)
  UNIQUE (root_id, path)
) STRICT;
CREATE INDEX file_content ON file (content_id);
CREATE INDEX file_inode ON file (inode, device);

-- How many files of each root are in which state: counted as they change, since counting a million of
-- them takes a second. `standing` says what one file counts for.
CREATE TABLE tally (
  root_id INTEGER PRIMARY KEY REFERENCES root (id) ON DELETE CASCADE,
  pictures INTEGER NOT NULL DEFAULT 0,     -- decoded
  pending INTEGER NOT NULL DEFAULT 0,      -- not read yet
  failed INTEGER NOT NULL DEFAULT 0,       -- can't be read or decoded
  size INTEGER NOT NULL DEFAULT 0          -- bytes of the decoded ones
) STRICT;
CREATE VIEW standing AS
  SELECT f.id AS file_id, f.root_id, f.content_id,
         f.error IS NULL AND c.id IS NOT NULL AND c.error IS NULL AS is_picture,
         f.error IS NULL AND c.id IS NULL AS is_pending,
         coalesce(f.error NOT LIKE 'not a picture%', c.error IS NOT NULL) AS is_failed,
         f.size
    FROM file f LEFT JOIN content c ON c.id = f.content_id
   WHERE f.present = 1;
CREATE TRIGGER tally_root AFTER INSERT ON root BEGIN
  INSERT INTO tally (root_id) VALUES (NEW.id);
END;
CREATE TRIGGER tally_file_made AFTER INSERT ON file BEGIN
  UPDATE tally SET pictures = pictures + s.is_picture, pending = pending + s.is_pending,
                   failed = failed + s.is_failed, size = tally.size + s.size * s.is_picture
    FROM standing s WHERE s.file_id = NEW.id AND tally.root_id = s.root_id;
END;
CREATE TRIGGER tally_file_gone BEFORE DELETE ON file BEGIN
  UPDATE tally SET pictures = pictures - s.is_picture, pending = pending - s.is_pending,
                   failed = failed - s.is_failed, size = tally.size - s.size * s.is_picture
    FROM standing s WHERE s.file_id = OLD.id AND tally.root_id = s.root_id;
END;
CREATE TRIGGER tally_file_before
BEFORE UPDATE OF root_id, size, content_id, present, error ON file BEGIN
  UPDATE tally SET pictures = pictures - s.is_picture, pending = pending - s.is_pending,
                   failed = failed - s.is_failed, size = tally.size - s.size * s.is_picture
    FROM standing s WHERE s.file_id = OLD.id AND tally.root_id = s.root_id;
END;
CREATE TRIGGER tally_file_after
AFTER UPDATE OF root_id, size, content_id, present, error ON file BEGIN
  UPDATE tally SET pictures = pictures + s.is_picture, pending = pending + s.is_pending,
                   failed = failed + s.is_failed, size = tally.size + s.size * s.is_picture
    FROM standing s WHERE s.file_id = NEW.id AND tally.root_id = s.root_id;
END;
CREATE TRIGGER tally_content_before BEFORE UPDATE OF error ON content
WHEN (OLD.error IS NULL) <> (NEW.error IS NULL) BEGIN
  UPDATE tally SET pictures = pictures - s.is_picture, failed = failed - s.is_failed,
                   size = tally.size - s.size
    FROM (SELECT root_id, sum(is_picture) AS is_picture, sum(is_failed) AS is_failed,
                 sum(size * is_picture) AS size
            FROM standing WHERE content_id = OLD.id GROUP BY root_id) s
   WHERE tally.root_id = s.root_id;
END;
CREATE TRIGGER tally_content_after AFTER UPDATE OF error ON content
WHEN (OLD.error IS NULL) <> (NEW.error IS NULL) BEGIN
  UPDATE tally SET pictures = pictures + s.is_picture, failed = failed + s.is_failed,
                   size = tally.size + s.size
    FROM (SELECT root_id, sum(is_picture) AS is_picture, sum(is_failed) AS is_failed,
                 sum(size * is_picture) AS size
            FROM standing WHERE content_id = NEW.id GROUP BY root_id) s
   WHERE tally.root_id = s.root_id;
END;

-- Large blobs live in tables of their own, so that listings stay small.
CREATE TABLE hash (
  content_id INTEGER NOT NULL REFERENCES content (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('phash', 'dhash', 'ahash', 'whash')),
  value BLOB NOT NULL,                     -- 8 bytes an orientation, big-endian bits as imagehash packs them:
                                           -- phash 8 x 8 bytes (models.hashes.ORIENTATIONS), the others 8
  PRIMARY KEY (content_id, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE descriptor (
  content_id INTEGER PRIMARY KEY REFERENCES content (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('sift', 'orb')),
  width INTEGER NOT NULL, height INTEGER NOT NULL,  -- working picture that the positions refer to
  count INTEGER NOT NULL,
  positions BLOB NOT NULL,                 -- count x (x, y, size, angle) as uint16, models.keypoints.pack
  vectors BLOB NOT NULL                    -- count x 128 (RootSIFT, 8-bit) or count x 32 (ORB), uint8
) STRICT;

CREATE TABLE preview (
  content_id INTEGER PRIMARY KEY REFERENCES content (id) ON DELETE CASCADE,
  jpeg BLOB NOT NULL                       -- the reduced upright picture, longest side <= working_side
) STRICT;

CREATE TABLE embedding (
  content_id INTEGER NOT NULL REFERENCES content (id) ON DELETE CASCADE,
  model TEXT NOT NULL,                     -- models.embedding.Embedder.key: file, output, squeezing
  vector BLOB NOT NULL,                    -- L2-normalised float16
  PRIMARY KEY (content_id, model)
) STRICT, WITHOUT ROWID;

CREATE TABLE word (
  content_id INTEGER PRIMARY KEY REFERENCES content (id) ON DELETE CASCADE,
  vocabulary BLOB NOT NULL,                -- BLAKE3-256 of the vocabulary that gave the words
  words BLOB NOT NULL,                     -- uint16 a keypoint, catalog.words
  mirrored BLOB NOT NULL                   -- the same for the mirrored picture
) STRICT;

-- Pairs that are yet to be judged. A content's candidates are written together with its row in
-- `matched`, and each is deleted in the transaction that stores its verdict: a stopped match goes on.
CREATE TABLE matched (
  method TEXT NOT NULL,
  content_id INTEGER NOT NULL REFERENCES content (id) ON DELETE CASCADE,
  judge TEXT NOT NULL,                     -- what proposed and judged: versions, settings, extractor
  PRIMARY KEY (method, content_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE candidate (
  method TEXT NOT NULL,
  a_id INTEGER NOT NULL REFERENCES content (id) ON DELETE CASCADE,
  b_id INTEGER NOT NULL REFERENCES content (id) ON DELETE CASCADE,
  PRIMARY KEY (method, a_id, b_id),
  CHECK (a_id < b_id)
) STRICT, WITHOUT ROWID;

-- What the matcher found. a_id < b_id always; one row a pair and method.
CREATE TABLE pair (
  a_id INTEGER NOT NULL REFERENCES content (id) ON DELETE CASCADE,
  b_id INTEGER NOT NULL REFERENCES content (id) ON DELETE CASCADE,
  method TEXT NOT NULL DEFAULT 'evidence', -- 'evidence' or 'sift-ssim'
  verdict TEXT NOT NULL,                   -- models.evidence.Verdict
  similarity REAL NOT NULL,                -- 0..1
  evidence TEXT NOT NULL,                  -- models.evidence.Evidence as JSON
  PRIMARY KEY (method, a_id, b_id),
  CHECK (a_id < b_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX pair_b ON pair (method, b_id);
-- Groups are formed from these alone: nearly all pairs are unrelated, and evidence is long.
CREATE INDEX pair_related ON pair (method, a_id, b_id, verdict, similarity)
  WHERE verdict <> 'unrelated';

-- Collages and the like with the pictures they hold reduced: no duplicates of them, and in no group
-- with them. The pair's row has the evidence.
CREATE TABLE holding (
  method TEXT NOT NULL,
  part_id INTEGER NOT NULL REFERENCES content (id) ON DELETE CASCADE,
  container_id INTEGER NOT NULL REFERENCES content (id) ON DELETE CASCADE,
  PRIMARY KEY (method, part_id, container_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX holding_container ON holding (container_id);

-- "Not duplicates", keyed by content so that renaming and regrouping don't bring it back. low < high.
CREATE TABLE distinct_pair (
  low BLOB NOT NULL, high BLOB NOT NULL,
  decided_at REAL NOT NULL,
  PRIMARY KEY (low, high),
  CHECK (low < high)
) STRICT, WITHOUT ROWID;

-- Groups as last formed. The id is the representative's digest, so it survives regrouping.
CREATE TABLE duplicate_group (
  id TEXT NOT NULL,                        -- first 16 hex digits of the representative's digest,
                                           -- the next 16 for near shots: one id, one kind
  method TEXT NOT NULL DEFAULT 'evidence',
  kind TEXT NOT NULL CHECK (kind IN ('duplicate', 'near')),
  verdict TEXT NOT NULL,                   -- the weakest member's verdict
  similarity REAL NOT NULL,                -- the weakest member's similarity to the representative
  representative_id INTEGER NOT NULL REFERENCES content (id),
  weakest_id INTEGER REFERENCES content (id),  -- the member whose match with it is least certain
  probability REAL,                        -- that this match is a copy, 0..1; NULL: not estimated
  PRIMARY KEY (method, kind, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE group_member (
  method TEXT NOT NULL,
  kind TEXT NOT NULL,
  group_id TEXT NOT NULL,
  content_id INTEGER NOT NULL REFERENCES content (id),
  PRIMARY KEY (method, kind, group_id, content_id),
  FOREIGN KEY (method, kind, group_id) REFERENCES duplicate_group (method, kind, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX group_member_content ON group_member (content_id);

-- What the person decided about a file; valid only while the file still has this content.
CREATE TABLE decision (
  file_id INTEGER PRIMARY KEY REFERENCES file (id) ON DELETE CASCADE,
  content_id INTEGER NOT NULL REFERENCES content (id),
  verb TEXT NOT NULL
    CHECK (verb IN ('keep', 'trash', 'move', 'delete', 'hardlink', 'reflink', 'symlink')),
  target BLOB,                             -- folder of a move, absolute
  group_id TEXT NOT NULL,
  step_id INTEGER NOT NULL
) STRICT;

-- Every decision with what stood before it, so that any can be undone and redone.
CREATE TABLE step (
  id INTEGER PRIMARY KEY,
  group_id TEXT NOT NULL,
  kind TEXT NOT NULL,                      -- 'decide', 'distinct', 'accept', ...
  before TEXT NOT NULL, after TEXT NOT NULL,  -- JSON, see catalog.decisions
  decided_at REAL NOT NULL,
  undone INTEGER NOT NULL DEFAULT 0 CHECK (undone IN (0, 1))
) STRICT;

-- File actions: a batch is what one `apply` does, an action is one file of it. See catalog.journal.
CREATE TABLE batch (
  id INTEGER PRIMARY KEY,
  created_at REAL NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('apply', 'undo', 'purge')),
  undoes INTEGER REFERENCES batch (id),
  state TEXT NOT NULL CHECK (state IN ('open', 'closed')),
  note TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE action (
  id INTEGER PRIMARY KEY,
  batch_id INTEGER NOT NULL REFERENCES batch (id),
  verb TEXT NOT NULL CHECK (verb IN ('move', 'trash', 'delete', 'restore', 'purge',
                                     'hardlink', 'reflink', 'symlink', 'unlink')),
  source BLOB NOT NULL,                    -- absolute
  destination BLOB,                        -- absolute; NULL where nothing remains
  digest BLOB NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
  device INTEGER NOT NULL, inode INTEGER NOT NULL,
  keeper BLOB, keeper_digest BLOB,         -- absolute path of the file that justifies the removal
  file_id INTEGER,                         -- the catalog's row, where there is one
  token TEXT NOT NULL,                     -- random; names the temporary files, see catalog.fileops
  decision TEXT NOT NULL DEFAULT '',       -- JSON of the decision row that an undo brings back
  attributes TEXT NOT NULL DEFAULT '',     -- JSON: owner, mode, times, extended attributes that an undo brings back
  companion_of BLOB,                       -- absolute path of the picture that the file went along with
  state TEXT NOT NULL CHECK (state IN ('intent', 'done', 'refused', 'failed', 'undone', 'purged')),
  reason TEXT NOT NULL DEFAULT '',
  at REAL NOT NULL
) STRICT;
CREATE INDEX action_batch ON action (batch_id);
CREATE INDEX action_open ON action (state) WHERE state = 'intent';
CREATE INDEX action_destination ON action (destination) WHERE state = 'done';

-- Small facts about the catalog as a whole: vocabulary of visual words, last match, ...
CREATE TABLE fact (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
