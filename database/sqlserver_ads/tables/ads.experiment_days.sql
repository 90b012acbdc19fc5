-- What an arm of a test saw and brought on a day; the key is also how a test is read.
CREATE TABLE ads.experiment_days (
  experiment_id varchar(60) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT fk_experiment_days_experiments REFERENCES ads.experiments (experiment_id),
  arm           varchar(12) COLLATE Latin1_General_100_BIN2 NOT NULL CONSTRAINT ck_experiment_days_arm CHECK (arm IN ('control', 'treatment')),
  day           date        NOT NULL,
  visitors      int         NOT NULL CONSTRAINT ck_experiment_days_visitors CHECK (visitors >= 0),
  successes     int         NOT NULL,
  row_version   rowversion  NOT NULL,
  CONSTRAINT pk_experiment_days PRIMARY KEY (experiment_id, arm, day),
  CONSTRAINT ck_experiment_days_successes CHECK (successes BETWEEN 0 AND visitors)
);
GO
ALTER TABLE ads.experiment_days ENABLE CHANGE_TRACKING WITH (TRACK_COLUMNS_UPDATED = OFF);
