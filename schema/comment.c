#include "schema/loader.h"

typedef struct Comment {
    Oid classid, oid;
    const char *text;
} Comment;

static const Field comment_fields[] = {
    FIELD(FIELD_OID, Comment, classid, "classid"),
    FIELD(FIELD_OID, Comment, oid, "oid"),
    FIELD(FIELD_TEXT, Comment, text, "comment"),
};

bool comments_read(Conn *conn, const CatalogScope *scope, Arena *arena, Model *model, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    void *items;
    size_t count;
    if (!loader_query(conn, scope, "comments", &result, err) ||
        !loader_fill(result, comment_fields, LENGTH(comment_fields), sizeof(Comment), arena, &items,
                     &count, err))
        return false;
    const Comment *comments = items;
    for (size_t i = 0; i < count; i++) {
        Object *object = loader_object(model, comments[i].classid, comments[i].oid);
        if (object != NULL)
            object->comment = comments[i].text;
    }
    return true;
}
