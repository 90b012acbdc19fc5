-- Who read whose personal data in plain text, when, and why. Lines are added by crm.read_customer_identity and never changed.
CREATE TABLE crm.identity_reads (
  read_id     bigint        IDENTITY (1, 1) NOT NULL CONSTRAINT pk_identity_reads PRIMARY KEY,
  customer_id bigint        NOT NULL,
  asked_by    nvarchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL,
  reason      nvarchar(400) COLLATE Modern_Spanish_100_CI_AI NOT NULL CONSTRAINT ck_identity_reads_reason CHECK (LEN(reason) >= 5),
  login_name  nvarchar(128) COLLATE Latin1_General_100_BIN2 NOT NULL,
  read_at     datetime2(7)  NOT NULL CONSTRAINT df_identity_reads_read_at DEFAULT SYSUTCDATETIME()
);
GO
-- Serves: what was read of a person, who may ask for it.
CREATE INDEX ix_identity_reads_customer ON crm.identity_reads (customer_id, read_at);
