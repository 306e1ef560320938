create table issues (title text);
